"""yamllint: YAML, as strict as the project asks for; warnings count.

It ends with 0 for a folder without a file, so it gets the files by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .. import tool
from ..job import Job
from ..verdict import Finding, Verdict, error, judged
from .subject import nothing, yaml_files

NAME = "yamllint"
_FOUND = re.compile(
    r"^(?P<path>.+?):(?P<line>\d+):\d+: \[\w+\] (?P<text>.*?)(?: \((?P<rule>[\w-]+)\))?$",
    re.MULTILINE,
)
_CLEAN, _ERRORS, _WARNINGS = 0, 1, 2


def run(job: Job) -> Verdict:
    """Look at the files that the settings name; an encrypted one is no YAML."""
    files = yaml_files(job.project)
    if not files:
        return nothing(NAME, "YAML files")
    ran = tool.run(command(files), job.project.root)
    return judge(ran, len(files), tool.version(NAME))


def command(files: Iterable[str]) -> list[str]:
    """Return how to start it."""
    return [*tool.module(NAME), "--strict", "--format", "parsable", "--", *files]


def judge(ran: tool.Ran, asked: int, tool_version: str = "") -> Verdict:
    """Return the verdict on what it printed. Pure.

    Args:
        asked: how many files it got; it stops at the first one that it cannot read.
    """
    findings = list(_findings(ran.out))
    if ran.code not in (_CLEAN, _ERRORS, _WARNINGS) or bool(ran.code) != bool(findings):
        raise tool.ToolBroke(f"yamllint broke: {ran.last_words}")
    unread = [one for one in findings if one.id == "syntax"]
    if unread:
        return error(NAME, f"{unread[0]}.", tool_version=tool_version)
    return judged(NAME, findings, asked, "files", tool_version=tool_version)


def _findings(text: str) -> Iterator[Finding]:
    for found in _FOUND.finditer(text):
        path = found["path"].removeprefix("./")
        yield Finding(found["rule"] or "yaml", found["text"], path, path, int(found["line"]))
