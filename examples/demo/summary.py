"""The demo's last screen."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from tests.fleet import Fleet
from tests.fleet.report import Report

from .steps import Step


def print_summary(
    console: Console,
    fleet: Fleet,
    steps: list[Step],
    seen: Report,
    rows: dict[str, dict[str, str]],
    login: tuple[str, str],
    environment: tuple[str, ...],
) -> None:
    """Print each step with what users noticed of it, what runs now, and how to go on."""
    console.print()
    console.print(_steps_table(steps, seen))
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
        f"  .venv/bin/iactl status demo {options}\n"
        f"  .venv/bin/iactl history demo {options}\n"
        f"  .venv/bin/iactl deploy demo {options}"
        f" --image {fleet.registry.reference('innerarchitect', '2.0.0')}\n"
        "  make demo-down        removes the servers",
        highlight=False,
        soft_wrap=True,
    )


def _steps_table(steps: list[Step], seen: Report) -> Table:
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
