"""``gates-allow.toml``: findings that somebody accepts, with reason, owner and an end."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from ..exits import CommandError, Exit
from .file_names import shown
from .verdict import Accepted, Finding, Outcome, Verdict, counted

FILE = "gates-allow.toml"
# Whatever is accepted is looked at again within a year; a far date would be no end at all.
_LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Entry:
    """One entry of the allow-list.

    Attributes:
        gate: the gate's name.
        id: the finding's id, or one of its aliases.
        reason: why it may stay.
        owner: who answers for it, such as "maintainers".
        expires: the last day it counts.
        where: the finding's subject, a path or a package; an empty string means everywhere.
    """

    gate: str
    id: str
    reason: str
    owner: str
    expires: date
    where: str = ""

    def covers(self, gate: str, finding: Finding) -> bool:
        """Whether it is about this finding, leaving its end aside."""
        return (
            self.gate == gate
            and self.id in (finding.id, *finding.aliases)
            and self.where in ("", shown(finding.subject))
        )

    @property
    def told(self) -> str:
        """The entry in a few words."""
        return f"{self.gate} {self.id}{f' in {self.where}' if self.where else ''}"


def read_entries(root: Path, known_gates: Iterable[str], today: date) -> tuple[Entry, ...]:
    """Return the entries of a project's allow-list; none where it has no such file.

    Raises:
        CommandError: the file cannot be understood; the sentence says what is wrong in it.
    """
    path = root / FILE
    if not path.is_file():
        return ()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return parse_entries(document, known_gates, today)
    except (OSError, ValueError) as error:
        raise CommandError(
            Exit.BAD_INPUT, f"{path}: {error}.", "docs/gates.md shows what the file may hold."
        ) from error


def parse_entries(
    document: dict[str, Any], known_gates: Iterable[str], today: date
) -> tuple[Entry, ...]:
    """Return the entries of a parsed allow-list. Pure.

    Raises:
        ValueError: a field is missing, unknown or of the wrong type, or an end is too far away.
    """
    rows = document.get("allow", [])
    if set(document) - {"allow"} or not isinstance(rows, list):
        raise ValueError("it holds tables [[allow]] and nothing else")
    gates = frozenset(known_gates)
    return tuple(_entry(row, number, gates, today) for number, row in enumerate(rows, start=1))


def _entry(row: Any, number: int, gates: frozenset[str], today: date) -> Entry:
    names = {one.name for one in fields(Entry)}
    here = f"entry {number}"
    if not isinstance(row, dict) or set(row) - names:
        raise ValueError(f"{here}: the fields are {', '.join(sorted(names))}")
    for name in sorted(names - {"expires"}):
        value = row.get(name, "")
        if not isinstance(value, str) or (name != "where" and not value.strip()):
            raise ValueError(f"{here}: {name} is a text and may not be empty")
    expires = row.get("expires")
    if not isinstance(expires, date) or isinstance(expires, datetime):
        raise ValueError(f"{here}: expires is a date such as 2027-03-31, without quotes")
    if expires > today + _LONGEST:
        raise ValueError(f"{here}: it expires on {expires}; a year from today is the longest")
    if row["gate"] not in gates:
        raise ValueError(f"{here}: {row['gate']!r} is no gate: {', '.join(sorted(gates))}")
    return Entry(**row)


def apply_entries(verdict: Verdict, entries: Sequence[Entry], today: date) -> Verdict:
    """Return a verdict without the findings that are accepted today. Pure.

    An expired entry covers nothing, and fails its gate by itself: it is mended or deleted, not
    forgotten. What was not looked at cannot be accepted, so error and not_run stay.
    """
    if verdict.verdict not in (Outcome.PASS, Outcome.FAIL):
        return verdict
    own = [one for one in entries if one.gate == verdict.gate]
    current = [one for one in own if one.expires >= today]
    left: list[Finding] = []
    accepted: list[Accepted] = []
    for finding in verdict.findings:
        entry = next((one for one in current if one.covers(verdict.gate, finding)), None)
        if entry is None:
            left.append(finding)
        else:
            accepted.append(Accepted(finding, entry.reason, entry.owner, entry.expires.isoformat()))
    left += [_expired(one) for one in own if one.expires < today]
    unused = [
        one
        for one in current
        if not any(one.covers(verdict.gate, finding) for finding in verdict.findings)
    ]
    notes = (*verdict.notes, *(f"{FILE}: {one.told} covers nothing; delete it." for one in unused))
    if not accepted and len(left) == len(verdict.findings):
        return replace(verdict, notes=notes)
    return replace(
        verdict,
        verdict=Outcome.FAIL if left else Outcome.PASS,
        reason=f"{counted(left)}, {len(accepted)} accepted; {verdict.scanned} looked at.",
        findings=tuple(left),
        accepted=tuple(accepted),
        notes=notes,
    )


def _expired(entry: Entry) -> Finding:
    return Finding(
        id="expired",
        text=f"the entry {entry.told} of {entry.owner} expired on {entry.expires}",
        subject=FILE,
        path=FILE,
    )
