"""What a project says of itself in ``hipaa.toml``: limits, what is left out, what is accepted."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ..exits import CommandError, Exit
from .verdict import Finding

FILE = "hipaa.toml"
# 45 CFR 164.316(b)(2)(i): documentation is kept for six years.
_SIX_YEARS_IN_DAYS = 2192
_QUARTER_OF_AN_HOUR = 900
_POINTERS = {"audit": ("sink", "database_log"), "backup": ("schedule", "encryption", "checksum")}


@dataclass(frozen=True)
class Accepted:
    """Findings that somebody looked at and accepted.

    Attributes:
        check: the check's id.
        path: the findings' place.
        keys: the findings' keys, as ``hipaa-results.json`` has them.
        reason: why they are no danger.
        until: the last day it counts, or None for no end.
    """

    check: str
    path: str
    keys: tuple[str, ...]
    reason: str
    until: date | None = None

    def covers(self, check: str, finding: Finding, today: date) -> bool:
        """Whether a finding is accepted on this day."""
        current = self.until is None or today <= self.until
        return (
            current
            and (self.check, self.path) == (check, finding.place)
            and (finding.key in self.keys)
        )


@dataclass(frozen=True)
class Pointer:
    """A place in the project that shows something: a file, and text that it holds."""

    file: str
    holds: str


@dataclass(frozen=True)
class Settings:
    """The content of ``hipaa.toml``; every part may be missing.

    Attributes:
        session_idle_limit_seconds: the longest idle time of a session.
        audit_retention_days: how long audit records have to be kept.
        environments_left_out: environment to the reason why it is not looked at.
        audit: ``sink`` and ``database_log`` to where they are configured, for S9.
        backup: ``schedule``, ``encryption`` and ``checksum`` to where they are, for S10.
        audit_kept_days: how long audit records are kept, 0 where nothing says so.
        accepted: findings that are no danger.
    """

    session_idle_limit_seconds: int = _QUARTER_OF_AN_HOUR
    audit_retention_days: int = _SIX_YEARS_IN_DAYS
    environments_left_out: dict[str, str] = field(default_factory=dict)
    audit: dict[str, Pointer] = field(default_factory=dict)
    backup: dict[str, Pointer] = field(default_factory=dict)
    audit_kept_days: int = 0
    accepted: tuple[Accepted, ...] = ()


def read_settings(root: Path) -> Settings:
    """Return a project's settings; the defaults where it has no ``hipaa.toml``.

    Raises:
        CommandError: the file cannot be understood; the sentence says what is wrong in it.
    """
    path = root / FILE
    if not path.is_file():
        return Settings()
    try:
        return parse_settings(tomllib.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError) as error:
        raise CommandError(
            Exit.BAD_INPUT, f"{path}: {error}.", "docs/hipaa.md shows what the file may hold."
        ) from error


def parse_settings(document: dict[str, Any]) -> Settings:
    """Return the settings that a parsed file holds.

    Raises:
        ValueError: a name is unknown, or a value has the wrong type.
    """
    unknown = set(document) - {one.name for one in fields(Settings)}
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} is no setting")
    values = dict(document)
    for name in ("session_idle_limit_seconds", "audit_retention_days", "audit_kept_days"):
        if name in values and (type(values[name]) is not int or values[name] < 0):
            raise ValueError(f"{name} is no whole number")
    left_out = values.get("environments_left_out", {})
    if not isinstance(left_out, dict) or not all(map(_is_said, left_out.values())):
        raise ValueError("environments_left_out gives a reason for each environment")
    for table, allowed in _POINTERS.items():
        pointers = values.get(table, {})
        if not isinstance(pointers, dict) or set(pointers) - set(allowed):
            raise ValueError(f"{table} takes {', '.join(allowed)}")
        values[table] = {name: Pointer(**pointer) for name, pointer in pointers.items()}
    values["accepted"] = tuple(
        entry for one in values.get("accepted", []) for entry in _accepted(**one)
    )
    return Settings(**values)


def _accepted(
    check: str, reason: str, findings: dict[str, list[str]], until: date | None = None
) -> Iterator[Accepted]:
    """Yield one entry of the file path by path."""
    here = f"an entry of 'accepted' for {check}"
    if not _is_said(reason):
        raise ValueError(f"{here} has no reason")
    if until is not None and (not isinstance(until, date) or isinstance(until, datetime)):
        raise ValueError(f"{here}: until is a date such as 2027-12-31, without quotes")
    if not isinstance(findings, dict) or not all(map(_are_keys, findings.values())):
        raise ValueError(f"{here}: findings gives a list of keys for each path")
    for path, keys in findings.items():
        yield Accepted(check, path, tuple(keys), reason, until)


def _is_said(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_keys(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(key, str) for key in value)
