"""What the rules share. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ...evidence import EvidenceError
from ...gates.ages import is_older
from ...gates.verdict import Finding, Verdict, judged, not_run
from ...image.records import Pushed
from ..settings import Settings


@dataclass(frozen=True)
class Case:
    """What is judged.

    Attributes:
        release: the release that is to go to production.
        now: this moment, with its zone.
    """

    release: Pushed
    settings: Settings
    now: datetime


def missing(rule: str, document: str, how: str) -> Verdict:
    """Return the verdict where a document is missing; never a pass."""
    return not_run(rule, f"There is no {document} among the evidence; it comes from: {how}.")


def verdict(rule: str, faults: Iterable[str], looked_at: int, what: str, *notes: str) -> Verdict:
    """Return fail with faults, error when nothing was looked at, else pass."""
    found = [Finding(rule, text) for text in faults]
    return judged(rule, found, looked_at, what, notes=notes)


def moment(text: Any) -> datetime:
    """Return a moment of a document, UTC where it names no zone.

    Raises:
        EvidenceError: it is none.
    """
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise EvidenceError(f"{text!r} is no time") from error
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


def too_old(what: str, at: Any, limit: timedelta, now: datetime) -> list[str]:
    """Return why a document's time does not count: too old, or still to come.

    Raises:
        EvidenceError: it is no time.
    """
    when = moment(at)
    if is_older(when.isoformat(), limit, now):
        return [f"{what} is of {at}, older than {_told(limit)}"]
    if when - now > _CLOCKS_DIFFER:
        return [f"{what} is of {at}, which is still to come"]
    return []


_CLOCKS_DIFFER = timedelta(minutes=5)


def _told(limit: timedelta) -> str:
    minutes = int(limit.total_seconds() // 60)
    if minutes % 1440 == 0 and minutes:
        return f"{minutes // 1440} days" if minutes > 1440 else "24 hours"
    return f"{minutes // 60} hours" if minutes % 60 == 0 and minutes else f"{minutes} minutes"
