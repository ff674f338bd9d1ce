"""Moments as text, in UTC, the same in every file."""

from __future__ import annotations

from datetime import datetime, timezone


def now(timespec: str = "seconds") -> str:
    """Return the current UTC time, ISO 8601.

    Args:
        timespec: ``seconds`` or ``milliseconds``.
    """
    return datetime.now(timezone.utc).isoformat(timespec=timespec).replace("+00:00", "Z")


def age(moment: str) -> float:
    """Return how many seconds ago a moment was that ``now`` returned."""
    return (datetime.now(timezone.utc) - datetime.fromisoformat(moment)).total_seconds()
