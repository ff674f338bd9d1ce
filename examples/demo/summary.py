"""The demo's last screen."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from tests.fleet import Fleet
from tests.fleet.report import Report

from .steps import Step

ENVIRONMENT = "demo"  # as iactl's commands name it


def print_summary(
    console: Console,
    fleet: Fleet,
    steps: list[Step],
    total: float,
    seen: Report,
    rows: dict[str, dict[str, str]],
    login: tuple[str, str],
    environment: tuple[str, ...],
) -> None:
    """Print each step with what users noticed of it, what runs now, and how to go on.

    Args:
        console: where.
        fleet: the rig.
        steps: what was done, in this order.
        total: seconds of the whole demo, what came before the first step included.
        seen: what users saw.
        rows: what each server runs, by its name.
        login: user and password of the application.
        environment: the options that name the environment's folder.
    """
    console.print()
    console.print(_steps_table(steps, total, seen))
    p50, p99 = (1000 * (value or 0.0) for value in (seen.latency_p50, seen.latency_p99))
    console.print(
        f"{seen.sent} requests at {seen.achieved_rate:.0f}/s, [bold]{seen.failed} failed[/];"
        f" longest time without a good answer {seen.longest_gap * 1000:.0f} ms;"
        f" median {p50:.0f} ms, 99 % under {p99:.0f} ms",
        highlight=False,
    )
    console.print(_servers_table(fleet, rows))
    options = " ".join(environment)
    user, password = login
    console.print(
        f"\nOpen [bold]{fleet.servers[0].public_url}[/] and log in as {user} / {password}\n"
        "Go on:\n"
        f"  .venv/bin/iactl status {ENVIRONMENT} {options}\n"
        f"  .venv/bin/iactl history {ENVIRONMENT} {options}\n"
        f"  .venv/bin/iactl deploy {ENVIRONMENT} {options}"
        f" --image {fleet.registry.reference('innerarchitect', '2.0.0')}\n"
        "  make demo-down        removes the servers and their images",
        highlight=False,
        soft_wrap=True,
    )


def _steps_table(steps: list[Step], total: float, seen: Report) -> Table:
    table = Table("step", box=None, pad_edge=False)
    for heading in ("exit", "seconds", "requests", "failed", "longest gap"):
        table.add_column(heading, justify="right")
    spans = {span.label: span for span in seen.phases}
    for step in steps:
        span = spans.get(step.name)
        traffic = (
            (str(span.sent), str(span.failed), f"{span.longest_gap * 1000:.0f} ms")
            if span
            else ("-", "-", "-")
        )
        table.add_row(step.name, str(step.exit_code), f"{step.seconds:.1f}", *traffic)
    table.add_row("make demo, all of it", "", f"{total:.1f}", "", "", "")
    return table


def _servers_table(fleet: Fleet, rows: dict[str, dict[str, str]]) -> Table:
    table = Table("server", "address", "serves", "release", "state", box=None, pad_edge=False)
    for server in fleet.servers:
        row = rows.get(server.name, {})
        table.add_row(
            server.name,
            server.public_url,
            row.get("version", ""),
            row.get("release", ""),
            row.get("state", ""),
        )
    return table
