"""``iactl backup`` and ``iactl restore``: run the playbook, tell what came of it."""

from __future__ import annotations

import time
from typing import Any

from iadeploy.masking import printable
from rich.console import Console
from rich.table import Table
from rich.text import Text

from . import view
from .exits import Exit
from .operations import Request
from .report import Report
from .runner.result import Event
from .runner.run import run_playbook
from .setup_outcome import judge_setup

_FACT = "database_answer"
WORK = "Have the first server do it"  # the task that does it
_EXITS = {
    "input": Exit.BAD_INPUT,
    "unavailable": Exit.NO_TARGET,
    "locked": Exit.LOCKED,
    "refused": Exit.REFUSED,
}
_MIB = 1 << 20


def backup(request: Request, *, only_list: bool) -> Report:
    """Make a backup and prove it, or only list what is kept."""
    variables = {"database_actor": request.actor, "database_list_only": only_list}
    report, answer = _run(request, "backup", variables)
    if answer is None or report.exit is not Exit.DONE:
        return report
    report.data["backups"] = answer["backups"]
    count = len(answer["backups"])
    report.message = f"{count} {'backup is' if count == 1 else 'backups are'} kept."
    if not only_list:
        made = report.data["backup"] = answer["backup"]
        report.message = (
            f"Backup {made['name']} is made: {made['bytes'] / _MIB:.1f} MiB, {made['tables']}"
            f" tables and {made['rows']} rows proved by restoring them. {_protected(made)}"
        )
        report.next_step = (
            f"To bring it back: iactl restore {request.environment.name} --backup {made['name']}"
        )
    return report


def restore(request: Request, name: str, *, first: bool) -> Report:
    """Replace the database's content with a backup's.

    Args:
        first: whether what is there now is backed up before.
    """
    variables = {
        "database_actor": request.actor,
        "database_backup_name": name,
        "database_backup_first": first,
    }
    report, answer = _run(request, "restore", variables)
    if answer is not None and answer.get("lost"):
        report.exit = Exit.NEEDS_HUMAN
        report.message = (
            f"The connection to {answer['lost']} was lost in the restore; whether the data came"
            " back is not known."
        )
        report.next_step = (
            f"'iactl history {request.environment.name}' shows a restore that was done; else"
            " restore once more."
        )
        return report
    if answer is None or answer.get("failed"):
        return report
    fresh = report.data["backup"] = answer["backup"]
    report.data["restored"] = answer["restored"]
    report.message = (
        f"{request.environment.name} has the data of backup {name} again; the schema is at"
        f" {answer['restored']['revision']}."
    )
    kept = [f"What was there before is backup {fresh['name']}."] if fresh else []
    report.details = kept + [f"{remark}." for remark in answer["remarks"]]
    if report.exit is not Exit.DONE:
        # The data is back. What failed came after: the others' ledgers do not know of it.
        untold = [host for host, row in sorted(report.hosts.items()) if not row["ok"]]
        report.exit = Exit.NEEDS_HUMAN
        report.details += [
            f"{host} was not told of it: {report.hosts[host]['msg']}" for host in untold
        ]
        report.next_step = (
            f"When {', '.join(untold) or 'every server'} answers, restore it once more"
            " (--without-backup); until then a rollback there may be refused."
        )
    return report


def print_backups(console: Console, report: Report) -> None:
    """Print the kept backups, newest first, and the result."""
    columns = ("backup", "when (UTC)", "schema", "tables", "rows", "MiB", "encrypted")
    table = Table(*columns, box=None, pad_edge=False)
    for one in report.data.get("backups", []):
        size = f"{one.get('bytes', 0) / _MIB:.1f}"
        told = [one.get(key, "") for key in ("name", "at", "revision", "tables", "rows")]
        encrypted = "yes" if one.get("encrypted") else "no"
        table.add_row(*(Text(printable(str(value))) for value in (*told, size, encrypted)))
    if table.row_count:
        console.print(table)
    view.print_report(console, report)


def _protected(made: dict[str, Any]) -> str:
    if not made.get("encrypted"):
        return "It is not encrypted: app_backup_recipients names nobody."
    count = len(made["recipients"])
    return f"It is encrypted for {count} {'recipient' if count == 1 else 'recipients'}."


def _run(
    request: Request, command: str, variables: dict[str, Any]
) -> tuple[Report, dict[str, Any] | None]:
    """Run the playbook; return the report, and the first server's answer if there was one; of a
    server that was ``lost`` while it worked, its name."""
    started = time.monotonic()
    report = Report(command, request.environment.name)
    answers: list[dict[str, Any]] = []
    lost: list[dict[str, Any]] = []

    def hear(event: Event) -> None:
        kind, data = event.get("event", ""), event.get("event_data") or {}
        if kind == "runner_on_ok":
            facts = (data.get("res") or {}).get("ansible_facts") or {}
            answers.extend([facts[_FACT]] if _FACT in facts else [])
        elif kind == "runner_on_unreachable" and str(data.get("task")).endswith(WORK):
            lost.append({"lost": data.get("host", "")})
        request.listener(event)

    result = run_playbook(command, request.environment.folder, variables, hear)
    # The play goes on without a lost server, and hands on that there was no answer.
    answer = next(reversed([*answers, *lost]), None)
    if result.cancelled:
        report.exit, report.message = Exit.CANCELLED, "Cancelled."
    elif answer is not None and answer.get("failed"):
        report.exit = _EXITS.get(str(answer.get("cause")), Exit.FAILED)
        report.message = str(answer.get("msg") or "it failed")
    else:
        judge_setup(report, result)
    report.seconds = time.monotonic() - started
    return report, answer
