"""Small projects with one fault each, and real tools run on them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from ci_scripts.gates.project import find_project
from ci_scripts.gates.run import Command, run
from ci_scripts.gates.store import parse
from ci_scripts.gates.verdict import Verdict
from ci_scripts.report import Report

CLEAN = '''\
"""Adds."""


def add(left: int, right: int) -> int:
    """Return the sum."""
    return left + right
'''
UNPARSABLE = "def (:\n"


@dataclass
class Tree:
    """A project that is being written, and what its gates came to.

    Attributes:
        root: its top folder.
        output: where results go; the same folder for every run, as on a laptop.
    """

    root: Path
    output: Path
    report: Report = field(default_factory=lambda: Report("", ""))

    def write(self, path: str, text: str) -> Tree:
        """Write a file."""
        whole = self.root / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(text, encoding="utf-8")
        return self

    def look(self, command: Command, only: str = "") -> dict[str, Verdict]:
        """Run a command's gates; return their verdicts by their names."""
        project = find_project(self.root)
        self.report = run(command, project, self.output, Path(sys.executable), only)
        return parse(self.report.data)


def words(verdicts: dict[str, Verdict]) -> dict[str, str]:
    """Return each gate's verdict as one word."""
    return {name: one.verdict.value for name, one in verdicts.items()}


def told(verdict: Verdict) -> list[str]:
    """Return what a verdict finds, as people read it."""
    return [str(one) for one in verdict.findings]
