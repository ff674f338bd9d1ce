"""isort: order of imports.

It ends with 0 for a folder without a file and for a file that is no Python, so each file that it
has looked at is counted; whether a file can be parsed is for the other linters to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from .. import tool
from ..job import Job
from ..verdict import Finding, Verdict, error, judged
from .subject import notes, nothing, python_files

NAME = "isort"
_GOOD = re.compile(r"^SUCCESS: (.+) Everything Looks Good!$", re.MULTILINE)
_BAD = re.compile(r"^ERROR: (.+?) Imports are incorrectly sorted.*$", re.MULTILINE)
_BROKEN = re.compile(r"^Broken (\d+) paths$", re.MULTILINE)


def run(job: Job) -> Verdict:
    """Look at the project's Python files."""
    files = python_files(job.project)
    if not files:
        return nothing(NAME, "Python files")
    ran = tool.run(command(files), job.project.root)
    return judge(ran, job.project.root, len(files), tool.version(NAME))


def command(files: Iterable[str]) -> list[str]:
    """Return how to start it; the project's exclusions count for files that are named, too."""
    return [*tool.module(NAME), "--check-only", "--verbose", "--filter-files", "--", *files]


def judge(ran: tool.Ran, root: Path, asked: int, tool_version: str = "") -> Verdict:
    """Return the verdict on what it printed. Pure.

    Args:
        root: the project's folder, which its paths begin with.
        asked: how many files it got.
    """
    text = f"{ran.out}\n{ran.err}"
    broken = _BROKEN.search(text)
    if broken:
        return error(NAME, f"{broken[1]} files cannot be read.", tool_version=tool_version)
    findings = list(_findings(text, root))
    looked_at = len(_GOOD.findall(text)) + len(findings)
    if ran.code != 0 and not findings:
        raise tool.ToolBroke(f"isort broke: {ran.last_words}")
    return judged(
        NAME,
        findings,
        looked_at,
        "files",
        tool_version=tool_version,
        notes=notes(looked_at, asked),
    )


def _findings(text: str, root: Path) -> Iterator[Finding]:
    for name in _BAD.findall(text):
        path = name.removeprefix(f"{root}/")
        yield Finding("imports", "not in isort's order", path, path)
