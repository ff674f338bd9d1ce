"""From samples to figures and targets. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from .measure import Sample
from .observe import Observation

OURS, FLOOR, TYPICAL = "iactl", "floor", "role"
MIB = 1 << 20
_MAX_RATIO = {1: 1.5, 8: 1.4}
_MAX_CALLS = 4
_MAX_ROLLBACK_SECONDS = 3.0
_MAX_BYTES = 150 * MIB


@dataclass(frozen=True)
class Row:
    """All rounds of one contender's scenario on one number of servers; times are seconds.

    Attributes:
        ratio: median of this contender's time over the floor's in the same round; None without.
        start: median of what the application's own start took of it.
    """

    servers: int
    contender: str
    scenario: str
    rounds: int
    median: float
    lowest: float
    highest: float
    ratio: float | None
    cpu_seconds: float
    sent: int
    lost: int
    start: float


@dataclass(frozen=True)
class Target:
    """One promise of the design and what came of it."""

    promise: str
    measured: str
    met: bool


def rows(samples: Sequence[Sample]) -> list[Row]:
    """One row per number of servers, scenario and contender, in the order measured."""
    keys = dict.fromkeys((one.servers, one.scenario, one.contender) for one in samples)
    order = {name: place for place, name in enumerate(dict.fromkeys(key[1] for key in keys))}
    return [_row(samples, *key) for key in sorted(keys, key=lambda key: (key[0], order[key[1]]))]


def _row(samples: Sequence[Sample], servers: int, scenario: str, contender: str) -> Row:
    of_scenario = [one for one in samples if one.servers == servers and one.scenario == scenario]
    own = [one for one in of_scenario if one.contender == contender]
    floor = {one.number: one.seconds for one in of_scenario if one.contender == FLOOR}
    ratios = [one.seconds / floor[one.number] for one in own if one.number in floor]
    times = [one.seconds for one in own]
    return Row(
        servers=servers,
        contender=contender,
        scenario=scenario,
        rounds=len(own),
        median=median(times),
        lowest=min(times),
        highest=max(times),
        ratio=median(ratios) if ratios else None,
        cpu_seconds=median(one.cpu_seconds for one in own),
        sent=sum(one.sent for one in own),
        lost=sum(one.lost for one in own),
        start=median(one.start for one in own),
    )


def targets(table: Sequence[Row], observations: Iterable[Observation]) -> list[Target]:
    """Compare what was measured with DESIGN §6; what was not measured is left out."""
    return [
        *_ratio_targets(table),
        _lost_target([row for row in table if row.contender == OURS]),
        *_rollback_targets(table),
        *_cost_targets([one for one in observations if one.contender == OURS]),
    ]


def _ratio_targets(table: Sequence[Row]) -> list[Target]:
    return [
        Target(
            f"deploy on {_servers(row.servers)} ≤ {allowed} × the floor",
            f"{row.ratio:.2f} ×",
            row.ratio <= allowed,
        )
        for row in table
        if (row.contender, row.scenario) == (OURS, "warm")
        and row.ratio is not None
        and (allowed := _MAX_RATIO.get(row.servers)) is not None
    ]


def _lost_target(ours: Sequence[Row]) -> Target:
    lost, sent = sum(row.lost for row in ours), sum(row.sent for row in ours)
    return Target("no request lost", f"{lost} of {sent}", lost == 0)


def _rollback_targets(table: Sequence[Row]) -> list[Target]:
    """A rollback may take so long, and where its containers do not run, their start besides."""
    most = f"≤ {_MAX_ROLLBACK_SECONDS:g} s"
    warm = [
        Target(
            f"warm rollback on {_servers(row.servers)} {most}",
            f"{row.median:.2f} s",
            row.median <= _MAX_ROLLBACK_SECONDS,
        )
        for row in table
        if row.scenario == "rollback, warm"
    ]
    cold = [
        Target(
            f"cold rollback on {_servers(row.servers)} {most} + the application's start",
            f"{row.median:.2f} s, {row.start:.2f} s of it the start",
            row.median <= _MAX_ROLLBACK_SECONDS + row.start,
        )
        for row in table
        if row.scenario == "rollback"
    ]
    return warm + cold


def _cost_targets(ours: Sequence[Observation]) -> list[Target]:
    if not ours:
        return []
    calls = max(one.calls for one in ours)
    counted = ", ".join(f"{one.calls} on {_servers(one.servers)}" for one in ours)
    peak = max(one.peak_bytes for one in ours)
    most = max(one.servers for one in ours)
    return [
        Target(f"≤ {_MAX_CALLS} remote executions per server", counted, calls <= _MAX_CALLS),
        Target(
            f"controller memory on {_servers(most)} ≤ {_MAX_BYTES // MIB} MiB",
            f"{peak / MIB:.0f} MiB",
            peak <= _MAX_BYTES,
        ),
    ]


def _servers(count: int) -> str:
    return "1 server" if count == 1 else f"{count} servers"
