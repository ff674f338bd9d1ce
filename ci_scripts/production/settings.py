"""The limits, with their defaults from the data file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..exits import bad_input

_FILE = Path(__file__).with_name("settings.toml")


@dataclass(frozen=True)
class Settings:
    """The limits; ``settings.toml`` says what each one is."""

    branch: str
    head_minutes: int
    staging_minutes: int
    staging_age_minutes: int
    scan_hours: int
    data_hours: int
    weekly_days: int
    hipaa_days: int
    backup_hours: int


def settings(changes: Iterable[str] = ()) -> Settings:
    """Return the defaults with some changed.

    Args:
        changes: each as ``NAME=VALUE``.

    Raises:
        CommandError: there is no such limit, or the value is none.
    """
    limits = Settings(**tomllib.loads(_FILE.read_text(encoding="utf-8")))
    names = [one.name for one in fields(Settings)]
    for text in changes:
        name, equals, value = text.partition("=")
        if name not in names or not equals:
            raise bad_input("--set", text, f"NAME=VALUE with one of: {', '.join(names)}")
        limits = replace(limits, **{name: _value(text, value, getattr(limits, name))})
    return limits


def _value(text: str, value: str, default: Any) -> Any:
    if isinstance(default, str):
        if not value:
            raise bad_input("--set", text, "the name of a branch")
        return value
    if not value.isascii() or not value.isdigit() or len(value) > 6:
        raise bad_input("--set", text, "a whole number, 0 or more")
    return int(value)
