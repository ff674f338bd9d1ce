"""What came out of the rows: the table at the end of a run, and the page docs/faults.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .catalogue import FAULTS, INTRODUCTION

_HEAD = ("row", "fault", "outcome", "failed", "gap", "seconds")


@dataclass(frozen=True)
class Result:
    """What came out of one row.

    Attributes:
        number: the fault's number in the catalogue.
        name: what of it was tried.
        outcome: what the servers served when the fault was over.
        passed: whether the oracle was content.
        sent: requests that users sent during the row.
        failed: how many of them failed.
        gap: the longest time that one server gave no good answer, in seconds.
        seconds: how long the row took, the next deploy included.
    """

    number: int
    name: str
    outcome: str
    passed: bool
    sent: int
    failed: int
    gap: float
    seconds: float


def save(results: Sequence[Result], path: Path) -> None:
    """Keep the results of a run."""
    path.write_text(json.dumps([asdict(one) for one in results], indent=1), encoding="utf-8")


def load(path: Path) -> list[Result]:
    """Return the results that a run has kept."""
    return [Result(**one) for one in json.loads(path.read_text(encoding="utf-8"))]


def table(results: Sequence[Result]) -> str:
    """Return the table that a run ends with, in the order of the catalogue."""
    rows = [_HEAD, *(_cells(one) for one in _ordered(results))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = []
    for row in rows:
        texts = [cell.ljust(width) for cell, width in zip(row[:3], widths, strict=False)]
        numbers = [cell.rjust(width) for cell, width in zip(row[3:], widths[3:], strict=True)]
        lines.append("  ".join([*texts, *numbers]).rstrip())
    return "\n".join([*lines, _total(results)])


def page(results: Sequence[Result], seconds: float) -> str:
    """Return the document: what is done to a fleet, what must come of it, and what came of it.

    Args:
        seconds: how long the whole run took.
    """
    lines = [INTRODUCTION, f"{_total(results)} together; the whole run took {seconds:.0f} s.", ""]
    for number, fault in FAULTS.items():
        mine = [one for one in results if one.number == number]
        lines += [f"## {number}. {fault.what}", "", f"*Done:* {fault.how}", ""]
        lines += [f"*Must:* {fault.outcome}", ""]
        if not mine:
            continue
        lines += ["| tried | came out | requests | failed | longest gap | seconds |"]
        lines += ["|---|---|--:|--:|--:|--:|"]
        for one in mine:
            cells = (one.name, _told(one), str(one.sent), str(one.failed), f"{one.gap:.2f} s")
            lines.append(f"| {' | '.join(cells)} | {one.seconds:.0f} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _total(results: Sequence[Result]) -> str:
    good = sum(one.passed for one in results)
    seconds = sum(one.seconds for one in results)
    return f"{good} of {len(results)} rows held, {seconds:.0f} s"


def _ordered(results: Sequence[Result]) -> list[Result]:
    return sorted(results, key=lambda one: one.number)


def _told(result: Result) -> str:
    return result.outcome if result.passed else f"**failed** ({result.outcome})"


def _cells(result: Result) -> tuple[str, ...]:
    return (
        str(result.number),
        result.name,
        _told(result),
        str(result.failed),
        f"{result.gap:.2f}",
        f"{result.seconds:.1f}",
    )
