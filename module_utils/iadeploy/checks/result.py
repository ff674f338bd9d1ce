"""What the checks came to. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..masking import mask, printable
from .verdict import Verdict

_LONGEST = 300


@dataclass(frozen=True)
class Result:
    """What one check came to.

    Attributes:
        target: what was asked, without credentials and query.
        status: what it answered, in a word or two.
        attempts: how many attempts were made.
        latency: seconds of the last attempt.
        cause: why it is not healthy; empty when it is.
        hint: what to look at; may be empty.
        note: what could not be checked in a good answer; may be empty.
    """

    name: str
    kind: str
    severity: str
    target: str
    healthy: bool
    status: str
    attempts: int
    latency: float
    cause: str
    hint: str
    note: str

    def to_json(self) -> dict[str, Any]:
        """Return the result as Ansible returns it."""
        return {**asdict(self), "latency": round(self.latency, 4)}

    def sentence(self) -> str:
        """Return what failed, why, and what to look at."""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.name}: {self.cause}{hint}"


def clean(verdict: Verdict, secrets: Iterable[str]) -> Verdict:
    """Return a verdict whose words are safe to show: masked, without escapes, short."""
    values = list(secrets)

    def safe(text: str) -> str:
        told = " ".join(mask(printable(mask(text, values)), values).split())
        return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}…"

    return replace(
        verdict,
        status=safe(verdict.status)[:60],
        cause=safe(verdict.cause),
        hint=safe(verdict.hint),
        note=safe(verdict.note),
    )


def failed(results: Iterable[Result], severity: str) -> list[Result]:
    """Return the results of one severity that are not healthy."""
    return [one for one in results if not one.healthy and one.severity == severity]


def headline(results: list[Result]) -> str:
    """Return the outcome in one line."""
    critical, warnings = failed(results, "critical"), failed(results, "warning")
    passed = len(results) - len(critical) - len(warnings)
    parts = [f"{passed} of {len(results)} checks passed"]
    if critical:
        parts.append(f"{len(critical)} failed")
    if warnings:
        parts.append(f"{len(warnings)} {'warns' if len(warnings) == 1 else 'warn'}")
    return ", ".join(parts)


def summary(results: list[Result]) -> list[str]:
    """Return one readable line per check, below the headline."""
    lines = [headline(results)]
    for one in results:
        sign = "ok  " if one.healthy else "FAIL" if one.severity == "critical" else "warn"
        text = one.sentence() if one.cause else f"{one.name}: {one.status}"
        note = f" [{one.note}]" if one.note else ""
        count = f", {one.attempts} attempts" if one.attempts != 1 else ""
        lines.append(f"{sign} {text}{note} ({one.kind}, {one.latency * 1000:.0f} ms{count})")
    return lines
