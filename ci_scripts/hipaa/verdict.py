"""What a check came to. Pure.

A check has passed only when it looked at something: one that found nothing to look at has not
tested anything, and one that broke says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """The five words for a check's result."""

    PASS = "pass"  # nosec B105 - a result
    FAIL = "fail"
    ERROR = "error"
    NOT_APPLICABLE = "not_applicable"
    NOT_TESTED = "not_tested"


# The first of these that any part of a check came to is what the whole check came to.
_WORST_FIRST = (
    Status.FAIL,
    Status.ERROR,
    Status.NOT_TESTED,
    Status.PASS,
    Status.NOT_APPLICABLE,
)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        text: what is wrong, one sentence; never a secret's value.
        place: file, environment or setting that it is in.
        line: line in the file, 0 where there is none.
        key: what stays equal when the file's lines move; an accepted finding is known by it.
    """

    text: str
    place: str = ""
    line: int = 0
    key: str = ""

    def __str__(self) -> str:
        where = f"{self.place}:{self.line}" if self.line else self.place
        return f"{where}: {self.text}" if where else self.text


@dataclass(frozen=True)
class Verdict:
    """A check's result.

    Attributes:
        reason: why, one sentence; for a pass, what was looked at.
        findings: what is wrong, for a fail.
        notes: what else a reader should know.
        rest: for a fail, what the check comes to once all of its findings are accepted.
    """

    status: Status
    reason: str
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    rest: Status = Status.PASS

    @property
    def without_findings(self) -> Status:
        """What is left of it when nobody minds its findings: they alone can be accepted."""
        return self.rest if self.status is Status.FAIL else self.status


def judged(findings: Iterable[Finding], looked_at: int, what: str, *notes: str) -> Verdict:
    """Return fail with findings, pass without, and error when nothing was looked at.

    Args:
        looked_at: how many things were looked at.
        what: their name in the plural, such as "tasks".
    """
    found = tuple(findings)
    if looked_at == 0 and not found:
        return Verdict(Status.ERROR, f"There were no {what} to look at.", (), notes)
    if found:
        count = "1 finding" if len(found) == 1 else f"{len(found)} findings"
        rest = Status.PASS if looked_at else Status.ERROR
        said = f"{what}: {looked_at} looked at, {count}."
        return Verdict(Status.FAIL, said, found, notes, rest)
    return Verdict(Status.PASS, f"{what}: {looked_at} looked at.", (), notes)


def not_applicable(reason: str) -> Verdict:
    """Return that there is nothing this check could be about, and why."""
    return Verdict(Status.NOT_APPLICABLE, reason)


def not_tested(reason: str, *notes: str) -> Verdict:
    """Return that nothing is known, and why."""
    return Verdict(Status.NOT_TESTED, reason, (), notes)


def together(parts: Sequence[tuple[str, Verdict]]) -> Verdict:
    """Return the verdict on a check that looked at several parts, such as environments.

    Raises:
        ValueError: there are no parts.
    """
    names: dict[str, list[str]] = {}
    for name, one in parts:
        names.setdefault(one.reason, []).extend([name] if name else [])
    return Verdict(
        _worst(one.status for _, one in parts),
        " ".join(
            f"{', '.join(known)}: {reason}" if known else reason for reason, known in names.items()
        ),
        tuple(finding for _, one in parts for finding in one.findings),
        tuple(dict.fromkeys(note for _, one in parts for note in one.notes)),
        _worst(one.without_findings for _, one in parts),
    )


def _worst(statuses: Iterable[Status]) -> Status:
    return min(statuses, key=_WORST_FIRST.index)
