"""black: format.

It ends with 0 where it finds no Python file at all, so its own count is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .. import tool
from ..job import Job
from ..verdict import Finding, Verdict, error, judged
from .subject import notes, nothing, python_files

NAME = "black"
_COUNTED = re.compile(
    r"(\d+) files? would (be left unchanged|be reformatted|fail to reformat)", re.MULTILINE
)
_BAD = re.compile(r"^would reformat (.+)$", re.MULTILINE)
_BROKEN = re.compile(r"^error: cannot (?:parse|format):? ?(.+)$", re.MULTILINE)


def run(job: Job) -> Verdict:
    """Look at the project's Python files."""
    files = python_files(job.project)
    if not files:
        return nothing(NAME, "Python files")
    return judge(tool.run(command(), job.project.root), len(files), tool.version(NAME))


def command() -> list[str]:
    """Return how to start it: on the folder, so that the project's exclusions count."""
    return [*tool.module(NAME), "--check", "."]


def judge(ran: tool.Ran, asked: int, tool_version: str = "") -> Verdict:
    """Return the verdict on what it printed. Pure.

    Args:
        asked: how many Python files there are.
    """
    broken = _BROKEN.search(ran.err)
    if broken:
        return error(NAME, f"It cannot read {broken[1]}.", tool_version=tool_version)
    counts = [int(found[0]) for found in _COUNTED.findall(ran.err)]
    if not counts and "Nothing to do" not in ran.err:
        raise tool.ToolBroke(f"black broke: {ran.last_words}")
    return judged(
        NAME,
        _findings(ran.err),
        sum(counts),
        "files",
        tool_version=tool_version,
        notes=notes(sum(counts), asked),
    )


def _findings(text: str) -> Iterator[Finding]:
    for name in _BAD.findall(text):
        yield Finding("format", "not in black's format", name, name)
