"""The table that people read at a terminal."""

from __future__ import annotations

from iadeploy.masking import printable
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...report import Report
from ...view import print_report
from .. import store
from ..file_names import shown
from ..verdict import Outcome, Verdict

_COLOURS = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.ERROR: "bold red",
    Outcome.NOT_RUN: "yellow",
}


def print_verdicts(console: Console, report: Report) -> None:
    """Print one line per gate, then the report: what is wrong and what to do."""
    verdicts = store.parse(report.data) if report.data else {}
    table = Table("gate", "verdict", "looked at", "why", box=None, pad_edge=False)
    for one in verdicts.values():
        looked_at = str(one.scanned) if one.scanned else ""
        verdict = Text(one.verdict.value, _COLOURS[one.verdict])
        table.add_row(one.gate, verdict, looked_at, Text(printable(shown(one.reason))))
    if verdicts:
        console.print(table)
    print_report(console, report)


def told(one: Verdict, seconds: float) -> str:
    """Return the line of a gate that has just ended."""
    return f"{seconds:7.1f} s  {one.gate}: {one.verdict.value}"
