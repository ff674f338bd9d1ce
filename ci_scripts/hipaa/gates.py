"""The gates' verdicts, as ``gate-verdicts.json`` has them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from .evidence import EvidenceError

FILE = "gate-verdicts.json"
SCHEMA = 1


@dataclass(frozen=True)
class Gate:
    """One gate.

    Attributes:
        verdict: ``pass``, ``fail``, ``error`` or ``not_run``.
        scanned: how much it looked at.
        data_date: date of the data that it compared with, an empty string where it has none.
    """

    name: str
    verdict: str
    reason: str
    scanned: int
    tool_version: str
    data_date: str

    @property
    def told(self) -> str:
        """The gate in one line."""
        data = f", data of {self.data_date}" if self.data_date else ""
        return f"{self.name} {self.tool_version}: {self.verdict}, {self.scanned} scanned{data}"


def read_gates(document: Any) -> dict[str, Gate]:
    """Return the gates by their names.

    Raises:
        EvidenceError: the document has another schema, or lacks a field.
    """
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise EvidenceError(f"{FILE} has not schema {SCHEMA}")
    try:
        return {one["gate"]: _gate(one) for one in document["verdicts"]}
    except (KeyError, TypeError, ValueError) as error:
        raise EvidenceError(f"{FILE} cannot be understood: {error!r}") from error


def faults(gate: Gate | None, name: str) -> Iterator[str]:
    """Yield why a gate does not count as passed."""
    if gate is None:
        yield f"the gate {name} is missing in {FILE}"
    elif gate.verdict != "pass":
        yield f"the gate {name} came to {gate.verdict}: {gate.reason}"
    elif gate.scanned <= 0:
        yield f"the gate {name} looked at nothing"


def is_older(date: str, limit: timedelta, now: datetime) -> bool:
    """Whether a date (ISO 8601, UTC where it names no zone) is older than the limit.

    Raises:
        EvidenceError: it is no date.
    """
    try:
        when = datetime.fromisoformat(date)
    except ValueError as error:
        raise EvidenceError(f"{FILE}: {date!r} is no date") from error
    return now - (when if when.tzinfo else when.replace(tzinfo=timezone.utc)) > limit


def _gate(one: dict[str, Any]) -> Gate:
    return Gate(
        name=str(one["gate"]),
        verdict=str(one["verdict"]),
        reason=str(one.get("reason") or ""),
        scanned=int(one.get("scanned") or 0),
        tool_version=str(one.get("tool_version") or ""),
        data_date=str(one.get("data_date") or ""),
    )
