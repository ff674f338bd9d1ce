"""The servers' histories as one, and what of it is wanted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import Any

_LONGEST = 1800.0  # seconds; a server drains, stops and backs up at its own pace
Key = tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """Which entries of a history somebody asks for; an empty string asks for all.

    Attributes:
        action: what was done, such as ``deploy``.
        outcome: what came of it, such as ``failed``.
        actor: who asked for it.
        since: the first day, as ``YYYY-MM-DD`` in UTC.
    """

    action: str = ""
    outcome: str = ""
    actor: str = ""
    since: str = ""

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out."""
        return self != Wanted()

    def takes(self, row: dict[str, Any]) -> bool:
        """Whether an entry is wanted."""
        same = all(
            not wanted or row.get(name) == wanted
            for name, wanted in (
                ("action", self.action),
                ("outcome", self.outcome),
                ("actor", self.actor),
            )
        )
        return same and str(row.get("at", "")) >= self.since


def merge_history(answers: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the servers' histories together, newest first: one row per event, its servers listed.

    Two servers' entries are one event when action and outcome are the same, and the release or the
    run that was refused; where there is neither, key, reason, actor and backup. All of these can
    come again, and the same event has slightly different times on different servers: an entry
    belongs to the row that is nearest in time, and to none that is more than half an hour away.
    """
    rows: dict[Key, list[dict[str, Any]]] = {}
    for host, answer in sorted(answers.items()):
        for entry in reversed(answer.get("history", [])):
            alike = rows.setdefault(_key(entry), [])
            near = [
                row
                for row in alike
                if host not in row["hosts"] and _between(row, entry) <= _LONGEST
            ]
            if near:
                min(near, key=partial(_between, entry))["hosts"].append(host)
            else:
                alike.append({**entry, "hosts": [host]})
    merged = [row for alike in rows.values() for row in alike]
    return sorted(merged, key=lambda row: str(row.get("at", "")), reverse=True)


def _key(entry: dict[str, Any]) -> Key:
    """Return what an entry has in common with those of other servers on the same event."""
    subject = entry.get("release") or entry.get("run")  # a refused one is no release yet
    # Of one run each server may give its own reason; it is one event all the same.
    names = () if subject else ("fingerprint", "reason", "actor", "backup")
    told = (entry.get("action"), entry.get("outcome"), subject, *map(entry.get, names))
    return tuple(str(one) for one in told)


def _between(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return how many seconds are between two entries."""
    return abs(_seconds(one) - _seconds(other))


def _seconds(entry: dict[str, Any]) -> float:
    """Return when it was; 0 where a ledger was written by hand and tells no time."""
    try:
        at = datetime.fromisoformat(str(entry.get("at", "")))
    except ValueError:
        return 0.0
    return at.replace(tzinfo=at.tzinfo or timezone.utc).timestamp()
