"""The live view: one line per server while a playbook runs, and the result at its end."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

from iadeploy.masking import printable
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .exits import Exit
from .report import Report
from .runner.result import PHASE_TASK, Event
from .schema_view import schema_cell

# The columns of a history: name in an entry, and title.
_HISTORY = {
    "at": "when (UTC)",
    "action": "what",
    "outcome": "outcome",
    "version": "version",
    "release": "release",
    "schema": "schema",
    "actor": "by",
    "servers": "servers",
}
_WHOLE = ("when (UTC)", "release")  # worth nothing when it is cut short: --to takes a release
_WIDE = 200  # columns of what is no terminal, such as a pipe
_MINUTES = 16  # characters of a time up to its minutes
_DONE, _FAILED, _RUNNING = "✔", "✘", "…"


class LiveView:
    """Shows progress on a terminal; elsewhere prints one plain line per finished step.

    Args:
        console: where to; standard error, so that standard output stays the result's.
        title: what is being done.
        steps: show each task instead of the phases of a release.
    """

    def __init__(self, console: Console, title: str, *, steps: bool = False) -> None:
        self._console = console
        self._title = title
        self._steps = steps
        self._started = time.monotonic()
        self._current = ""
        self._marks: dict[str, list[str]] = {}
        self._live: Live | None = None

    def __enter__(self) -> LiveView:
        if self._console.is_terminal:
            self._live = Live(
                get_renderable=self._render,
                console=self._console,
                refresh_per_second=8,
                transient=True,
            )
            self._live.start()
        else:
            self._console.print(self._title, markup=False, highlight=False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def take(self, event: Event) -> None:
        """Take one of ansible-runner's events in."""
        kind, data = event.get("event", ""), event.get("event_data") or {}
        if kind == "playbook_on_task_start":
            self._begin(str(data.get("name") or data.get("task") or ""))
        elif kind == "runner_on_start" and self._current:
            self._mark(data.get("host", ""), _RUNNING)
        elif kind == "runner_on_ok" and self._current:
            self._mark(data.get("host", ""), _DONE)
        elif kind in ("runner_on_failed", "runner_on_unreachable") and self._current:
            self._mark(data.get("host", ""), _FAILED)

    def _begin(self, task: str) -> None:
        """Follow phases only, unless every step is wanted: judging is not worth a line."""
        phase = PHASE_TASK.search(task)
        if self._steps:
            # Ansible's own first task per role has a name that means nothing to operators.
            validating = "Validating arguments" in task
            self._current = "" if validating else task.split(" : ")[-1]
            if self._live is None and self._current:
                self._print_line(self._current)
        else:
            self._current = phase["name"] if phase else ""

    def _mark(self, host: str, sign: str) -> None:
        if not host or host == "localhost":
            return
        marks = self._marks.setdefault(host, [])
        text = f"{self._current} {sign}"
        if marks and marks[-1].startswith(f"{self._current} "):
            if marks[-1] == text:
                return
            marks[-1] = text
        else:
            marks.append(text)
        if self._live is None and (sign == _FAILED or sign == _DONE and not self._steps):
            self._print_line(f"{host}: {text}")

    def _print_line(self, text: str) -> None:
        elapsed = time.monotonic() - self._started
        self._console.print(
            f"{elapsed:7.1f} s  {text}", markup=False, highlight=False, soft_wrap=True
        )

    def _render(self) -> RenderableType:
        elapsed = time.monotonic() - self._started
        table = Table.grid(padding=(0, 2))
        for host, marks in self._marks.items():
            shown = marks[-1:] if self._steps else marks
            table.add_row(Text(host, style="bold"), Text("  ".join(shown)))
        return Group(Text(f"{self._title}  {elapsed:.1f} s", style="cyan"), Padding(table, (0, 2)))


def _cell(value: object) -> Text:
    """A table's cell with foreign text: no markup in it, such as ``[bot]``, and no escapes."""
    return Text(printable(str(value)))


def print_report(console: Console, report: Report) -> None:
    """Print the result: what happened, why, and what to do next."""
    good = report.exit is Exit.DONE
    head = Text(f"{_DONE if good else _FAILED} ", style="bold green" if good else "bold red")
    head.append(printable(report.message), style="bold")
    head.append(f"  ({report.seconds:.1f} s)" if good else f"  [exit {int(report.exit)}]", "dim")
    console.print(head, soft_wrap=True)
    for line in report.details:
        console.print(Text(f"  {printable(line)}"), soft_wrap=True)
    if report.next_step:
        console.print(Text(f"  → {printable(report.next_step)}"), soft_wrap=True)


def print_status(console: Console, report: Report) -> None:
    """Print which release every server serves."""
    columns = ["version", "release", "schema", "slot", "state"]
    if any(row.get("processes") for row in report.hosts.values()):
        columns.append("processes")
    table = _table("server", "serves", *columns[1:])
    for host, row in report.hosts.items():
        if "version" in row:
            shown = {**row, "processes": _processes(row)}
            table.add_row(*map(_cell, (host, *(shown.get(name, "") for name in columns))))
    edges = _table("edge", "HAProxy", "sends requests to", "and none to")
    for edge, row in report.data.get("edges", {}).items():
        down = [f"{name} ({why})" for name, why in row["down"].items()]
        edges.add_row(*map(_cell, (edge, row["state"], ", ".join(row["up"]), ", ".join(down))))
    for one in (table, edges):
        _print_table(console, one)
    print_report(console, report)


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, no_wrap=title in _WHOLE)
    return table


def _print_table(console: Console, table: Table) -> None:
    """Print a table that has rows, and all of it where nobody's window is too narrow."""
    if not console.is_terminal:
        console = type(console)(file=console.file, width=_WIDE)
    if table.row_count:
        console.print(table)


def _processes(row: dict[str, Any]) -> str:
    """Return what runs beside the web process on a server, out of how many that should."""
    rows = row.get("processes") or []
    return " ".join(
        f"{one['name']} {one['running']}/{one['wanted']}" for one in rows if one["wanted"]
    )


def print_history(console: Console, report: Report) -> None:
    """Print what was done, newest first."""
    rows = [_history_row(entry) for entry in report.data.get("history", [])]
    names = [name for name in _HISTORY if name != "schema" or any(row[name] for row in rows)]
    table = _table(*(_HISTORY[name] for name in names))
    table.collapse_padding = True  # or it would not fit into 80 columns
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in names))
    _print_table(console, table)
    print_report(console, report)


def _history_row(entry: dict[str, Any]) -> dict[str, Any]:
    """Return what a table shows of an entry, by column."""
    at = str(entry.get("at", ""))[:_MINUTES].replace("T", " ")
    told = {"at": at, "schema": schema_cell(entry), "servers": len(entry.get("hosts", []))}
    return {name: told.get(name, entry.get(name, "")) for name in _HISTORY}
