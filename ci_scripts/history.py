"""The servers' histories as one, and what of it is wanted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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

    The same event carries slightly different times on different servers, so action, outcome and
    release, or the run that was refused, make it the same, as long as nothing else happened on
    that server in between.
    """
    rows: list[dict[str, Any]] = []
    for host, answer in sorted(answers.items()):
        used: set[int] = set()
        for entry in answer.get("history", []):
            subject = entry.get("release") or entry.get("run")  # a refused one is no release yet
            key = (entry.get("action"), entry.get("outcome"), subject)
            match = next(
                (
                    index
                    for index, row in enumerate(rows)
                    if index not in used and row["key"] == key
                ),
                None,
            )
            if match is None:
                rows.append({"key": key, **entry, "hosts": [host]})
                used.add(len(rows) - 1)
            else:
                rows[match]["hosts"].append(host)
                used.add(match)
    rows.sort(key=lambda row: str(row.get("at", "")), reverse=True)
    return [{name: value for name, value in row.items() if name != "key"} for row in rows]
