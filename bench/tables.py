"""The result as text for a terminal and for docs/benchmark.md: Markdown tables serve both."""

from __future__ import annotations

from collections.abc import Sequence

from .figures import MIB, Row, Target
from .observe import Observation

_NAMES = {
    "iactl": "iactl",
    "floor": "floor: one hand-written SSH command",
    "role": "typical Ansible role",
}
_SCENARIOS = {
    "warm": "deploy",
    "cold": "deploy, 32 MiB of new layers",
    "same again": "deploy of what runs",
    "rollback": "rollback",
    "rollback, warm": "rollback, old container kept running",
}


def render(
    machine: dict[str, str],
    table: Sequence[Row],
    observations: Sequence[Observation],
    targets: Sequence[Target],
) -> str:
    """Return the whole result as Markdown."""
    watched = [one for one in observations if one.parts]
    parts = [
        "# Benchmark",
        _INTRODUCTION,
        _table(["", ""], [[name, value] for name, value in machine.items()]),
        "## Times",
        _table(
            ["servers", "what", "who", "rounds", "median s", "min", "max", "× floor", "CPU s"]
            + ["requests lost"],
            [_cells(row) for row in table],
        ),
        "## Costs",
        _table(
            ["servers", "who", "controller memory at its peak", "SSH commands per server"],
            [
                [str(one.servers), _NAMES[one.contender], f"{one.peak_bytes / MIB:.0f} MiB"]
                + [str(one.calls)]
                for one in observations
            ],
        ),
        "## Targets",
        _table(
            ["target", "measured", ""],
            [[one.promise, one.measured, "met" if one.met else "**missed**"] for one in targets],
        ),
        *_times(watched),
        *_memory(watched),
    ]
    return "\n\n".join(parts) + "\n"


def _cells(row: Row) -> list[str]:
    return [
        str(row.servers),
        _SCENARIOS[row.scenario],
        _NAMES[row.contender],
        str(row.rounds),
        f"{row.median:.2f}",
        f"{row.lowest:.2f}",
        f"{row.highest:.2f}",
        "" if row.ratio is None else f"{row.ratio:.2f}",
        f"{row.cpu_seconds:.2f}",
        f"{row.lost} of {row.sent}",
    ]


def _times(observed: Sequence[Observation]) -> list[str]:
    text = (
        "Seconds of one watched `iactl deploy`; watching slows it a little. A call begins with"
        " its first SSH command and ends when the last server's result is in. The fifth call is"
        " to the first server only: it gives the lock back when all have ended. One server alone"
        " goes through all phases after the plan in one call, and gives the lock back in it."
    )
    rows = [({name: f"{s:.2f}" for name, s in one.parts.items()}, one) for one in observed]
    total = [f"{one.seconds:.2f}" for one in observed]
    return _by_servers("Where the time goes", text, rows, ["whole command", *total])


def _memory(observed: Sequence[Observation]) -> list[str]:
    text = (
        "MiB of the same deploys at the peak. Ansible forks a process per server and task; what"
        " they share with it is divided among them."
    )
    rows = [({name: f"{b / MIB:.0f}" for name, b in one.memory.items()}, one) for one in observed]
    total = [f"{one.peak_bytes / MIB:.0f}" for one in observed]
    return _by_servers("Where the memory goes", text, rows, ["all of it", *total])


def _by_servers(
    title: str, text: str, rows: Sequence[tuple[dict[str, str], Observation]], total: list[str]
) -> list[str]:
    """Return a section whose table has one column per number of servers."""
    if not rows:
        return []
    names = dict.fromkeys(name for parts, _ in rows for name in parts)
    lines = [[name, *(parts.get(name, "") for parts, _ in rows)] for name in names]
    heads = ["", *(f"{one.servers} server{'s' * (one.servers > 1)}" for _, one in rows)]
    return [f"## {title}", text, _table(heads, [*lines, total])]


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    rule = ["-" * max(width, 3) for width in widths]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))} |"
        for cells in ([*heads], rule, *map(list, lines))
    )


_INTRODUCTION = """\
`make bench` measures this. Servers are containers on one machine, with SSH, a Docker Engine and
HAProxy each. The application takes one second to start. Contenders take turns in rounds, so that
a slower minute of the machine meets them all; the ratio is the median over rounds of the time
against the floor's in the same round. Every action starts without an open SSH connection.

- The floor is what the work itself takes: pull by digest, start beside the old container, wait
  for health (every 50 ms), switch HAProxy, stop the old container. It is logged in to the registry
  already, and nothing is recorded, locked, checked against the other servers or undone on failure.
- The typical role gathers facts, logs in, pulls, stops, starts and waits, with pipelining.
- A release changes 256 KiB of the image, or 32 MiB where the table says so.
- Users send 150 requests per second, over all servers, throughout every action.
- CPU is the controller's, user and system; on these servers' machine it is shared with them.
- Memory is the proportional set size of the controller's process tree, looked at every 50 ms.
- SSH commands counts starts of ssh, sftp and scp by the controller, one per remote execution."""
