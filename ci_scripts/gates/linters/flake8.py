"""flake8: style and plain mistakes.

It ends with 0 where it looked at nothing, so its count of files is read. A file that it cannot
open or parse is an error: the rest of that file was not looked at. A project's ``quiet`` would keep
its findings to itself, so it is taken back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .. import tool
from ..job import Job
from ..verdict import Finding, Verdict, error, judged
from .subject import notes, nothing, python_files

NAME = "flake8"
_FORMAT = "%(path)s\t%(row)d\t%(code)s\t%(text)s"
# Virtual environments and caches; flake8 itself leaves out few of them.
_HIDDEN = ".*,node_modules,venv"
_LOUD = Path(__file__).with_name("flake8.ini")
_COUNTED = re.compile(r"^(\d+)\s+total files processed$", re.MULTILINE)
_UNREAD = frozenset(("E902", "E999"))


def run(job: Job) -> Verdict:
    """Look at the project's Python files."""
    files = python_files(job.project)
    if not files:
        return nothing(NAME, "Python files")
    return judge(tool.run(command(), job.project.root), len(files), tool.version(NAME))


def command() -> list[str]:
    """Return how to start it: on the folder, so that the project's exclusions count."""
    options = ["--benchmark", "--format", _FORMAT, "--extend-exclude", _HIDDEN]
    return [*tool.module(NAME), *options, "--append-config", str(_LOUD)]


def judge(ran: tool.Ran, asked: int, tool_version: str = "") -> Verdict:
    """Return the verdict on what it printed. Pure.

    Args:
        asked: how many Python files there are.
    """
    counted = _COUNTED.search(ran.out)
    if counted is None:
        raise tool.ToolBroke(f"flake8 broke: {ran.last_words}")
    findings = list(_findings(ran.out))
    if ran.code != 0 and not findings:
        raise tool.ToolBroke("flake8 broke: it found something and does not say what")
    unread = [one for one in findings if one.id in _UNREAD]
    if unread:
        return error(NAME, f"{unread[0]}.", tool_version=tool_version)
    looked_at = int(counted[1])
    return judged(
        NAME,
        findings,
        looked_at,
        "files",
        tool_version=tool_version,
        notes=notes(looked_at, asked),
    )


def _findings(text: str) -> Iterator[Finding]:
    for line in text.splitlines():
        parts = line.split("\t")
        if len(parts) == 4 and parts[1].isdigit():
            path = parts[0].removeprefix("./")
            yield Finding(parts[2], parts[3], path, path, int(parts[1]))
