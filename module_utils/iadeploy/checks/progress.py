"""How far one check is: attempts, good answers in a row, the pause before the next. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .result import Result
from .spec import Check
from .verdict import Attempt, Verdict

_MOST_DOUBLINGS = 30


def pause(check: Check, failures: int, luck: float) -> float:
    """Return the seconds before the next attempt. Pure.

    Args:
        failures: failed attempts so far; 0 when only more good answers are wanted.
        luck: from 0 to 1; spreads the delay by the check's jitter.
    """
    growth = check.backoff ** min(max(failures - 1, 0), _MOST_DOUBLINGS)
    return min(check.max_delay, check.delay * growth) * (1 + check.jitter * (2 * luck - 1))


@dataclass
class Progress:
    """How far one check is."""

    check: Check
    attempts: int = 0
    failures: int = 0
    streak: int = 0
    latency: float = 0.0
    verdict: Verdict = field(default_factory=lambda: Verdict(False, cause="never asked"))
    settled: bool = False
    current: Attempt | None = None

    def result(self) -> Result:
        """Return what it has come to."""
        check, verdict = self.check, self.verdict
        return Result(
            name=check.name,
            kind=check.kind,
            severity=check.severity,
            target=check.place,
            healthy=verdict.healthy,
            status=verdict.status,
            attempts=self.attempts,
            latency=self.latency,
            cause=verdict.cause,
            hint=verdict.hint,
            note=verdict.note,
        )

    def record(self) -> dict[str, Any]:
        """Return the latest attempt as the log has it."""
        return {
            "check": self.check.name,
            "kind": self.check.kind,
            "target": self.check.place,
            "attempt": self.attempts,
            "healthy": self.verdict.healthy,
            "status": self.verdict.status,
            "latency": round(self.latency, 4),
            "cause": self.verdict.cause,
        }

    def give_up(self, deadline: float) -> None:
        """Say that the time for all checks was over before this one was through."""
        last = self.verdict
        told = f"{last.cause}; " if last.cause else "good, but not often enough in a row; "
        cause = f"{told}gave up at the deadline of {deadline:g} s for all checks"
        self.verdict = Verdict(False, last.status or "no time", cause, last.hint)


def in_time(check: Check, verdict: Verdict, seconds: float) -> Verdict:
    """Return the verdict, or that a good answer came too late."""
    most = check.expect.get("max_latency")
    if not verdict.healthy or most is None or seconds <= most:
        return verdict
    cause = f"answered after {seconds * 1000:.0f} ms instead of {most * 1000:.0f} ms at most"
    return Verdict(False, verdict.status, cause, "it works, but slowly: look at its load")
