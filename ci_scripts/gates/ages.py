"""How old a scanner's data may be. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ..evidence import EvidenceError


def is_older(date: str, limit: timedelta, now: datetime) -> bool:
    """Whether a date (ISO 8601, UTC where it names no zone) is older than the limit.

    Raises:
        EvidenceError: it is no date.
    """
    try:
        when = datetime.fromisoformat(date)
    except ValueError as error:
        raise EvidenceError(f"{date!r} is no date") from error
    return now - (when if when.tzinfo else when.replace(tzinfo=timezone.utc)) > limit
