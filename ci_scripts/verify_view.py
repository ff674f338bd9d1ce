"""How a verification looks: a table on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from iadeploy.masking import printable
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .notifications import DEGRADED, SENT
from .report import Report
from .view import print_report

_SIGNS = {
    "ok": ("✔ ok", "green"),
    "warning": ("! warning", "yellow"),
    "failed": ("✘ failed", "red"),
}
_COLUMNS = ("where", "check", "kind", "answer", "time", "tries", "result")


def print_verification(console: Console, report: Report) -> None:
    """Print every check's result, and what it comes to."""
    if console.is_terminal:
        if report.hosts:
            console.print(_table(report))
    else:
        for place, one in _rows(report):
            told = (outcome(one), place, one["name"], one["kind"], one["status"])
            line = "  ".join((*told, f"{one['latency'] * 1000:.0f} ms"))
            console.print(printable(line), markup=False, highlight=False, soft_wrap=True)
    print_report(console, report)


def print_alert(console: Console, report: Report) -> None:
    """Print what came of the alert, if there was one."""
    if report.data.get("notify") == SENT:
        console.print("The notification channels were alerted.")
    elif report.data.get("notify") == DEGRADED:
        check = f"iactl notify test {report.environment}"
        console.print(f"The alert did not reach every channel; see '{check}'.")


def print_unless_shown(console: Console, report: Report) -> None:
    """Print what ended before there was a verification to show."""
    if report.command != "verify":
        print_report(console, report)


def print_end(console: Console, report: Report) -> None:
    """Print what a watch came to; its rounds are on the screen already."""
    if "rounds" in report.data:
        report.details = [f"{report.data['rounds']} rounds; this is the last one"]
    print_report(console, report)


def outcome(result: dict[str, Any]) -> str:
    """Return a result's outcome in a word."""
    if result["healthy"]:
        return "ok"
    return "failed" if result["severity"] == "critical" else "warning"


def _rows(report: Report) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, told in report.hosts.items():
        for one in told.get("results", []):
            yield place, one


def _table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _COLUMNS:
        right = name in ("time", "tries")
        table.add_column(name, justify="right" if right else "left", no_wrap=name != "answer")
    before = ""
    for place, one in _rows(report):
        sign, style = _SIGNS[outcome(one)]
        told = (place if place != before else "", one["name"], one["kind"], one["status"])
        numbers = (f"{one['latency'] * 1000:.0f} ms", str(one["attempts"]))
        cells = [Text(printable(text)) for text in (*told, *numbers)]
        # Among two dozen good ones the eye has to find it.
        row = "" if one["healthy"] else style
        table.add_row(*cells, Text(sign, style=style), style=row)
        before = place
    return table
