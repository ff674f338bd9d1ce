"""mypy: types.

Where a file cannot be read or parsed it stops and checks nothing else, so the number of files that
it has checked is read, and so is the number of errors: each has to be among the findings. It looks
for the project's dependencies in the project's own environment.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from .. import tool
from ..job import Job
from ..project import Project
from ..verdict import Finding, Verdict, error, judged
from .subject import nothing, python_files

NAME = "mypy"
_COUNTED = re.compile(
    r"^(?:Success: no issues found in (\d+)|Found (\d+) .*\(checked (\d+)) source files?\)?$",
    re.MULTILINE,
)
_FOUND = re.compile(
    r"^(?P<path>[^:\n]+):(?P<line>\d+):(?:\d+:)* error: (?P<text>.*?)(?:  \[(?P<code>[\w-]+)\])?$",
    re.MULTILINE,
)


def run(job: Job) -> Verdict:
    """Look at what the project's settings name, else at all of its Python files."""
    files = python_files(job.project)
    if not files:
        return nothing(NAME, "Python files")
    named = () if names_its_files(job.project) else files
    ran = tool.run(command(named, job.python), job.project.root)
    return judge(ran, tool.version(NAME))


def names_its_files(project: Project) -> bool:
    """Whether the project's settings say what mypy looks at."""
    try:
        text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
        table = tomllib.loads(text).get("tool", {}).get("mypy", {})
    except (OSError, ValueError):
        table = {}
    if {"files", "packages", "modules"} & set(table):
        return True
    # The other places that mypy reads, in ini format.
    return any(
        re.search(
            r"^\[mypy\]\s*(?:\n(?!\[).*)*\n(?:files|packages|modules)\s*=", text, re.MULTILINE
        )
        for text in _ini_texts(project.root)
    )


def _ini_texts(root: Path) -> Iterator[str]:
    for name in ("mypy.ini", ".mypy.ini", "setup.cfg"):
        if (root / name).is_file():
            yield (root / name).read_text(encoding="utf-8", errors="replace")


def command(files: Iterable[str], python: Path) -> list[str]:
    """Return how to start it."""
    own = [] if str(python) == sys.executable else ["--python-executable", str(python)]
    options = ["--no-pretty", "--no-color-output", "--show-error-codes", "--hide-error-context"]
    return [*tool.module(NAME), *options, *own, "--", *files]


def judge(ran: tool.Ran, tool_version: str = "") -> Verdict:
    """Return the verdict on what it printed. Pure."""
    counted = _COUNTED.search(ran.out)
    if counted is None:
        first = next(_findings(ran.out), None)
        told = str(first) if first else ran.last_words
        return error(NAME, f"It checked nothing: {told}.", tool_version=tool_version)
    findings = list(_findings(ran.out))
    if len(findings) < int(counted[2] or 0):
        raise tool.ToolBroke(
            f"mypy broke: it found {counted[2]} errors, and {len(findings)} can be read"
        )
    looked_at = int(counted[1] or counted[3])
    return judged(NAME, findings, looked_at, "files", tool_version=tool_version)


def _findings(text: str) -> Iterator[Finding]:
    for found in _FOUND.finditer(text):
        path = found["path"]
        yield Finding(found["code"] or "mypy", found["text"], path, path, int(found["line"]))
