"""Reads single settings from environment variables or from the files they name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one sentence and shows no secret."""


class Environment:
    """Gives each setting by `NAME` or by `NAME_FILE`; an empty variable counts as not set."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def text(self, name: str) -> str | None:
        """Return the value of `name`, or None when neither form is set.

        Raises SettingsError when both forms are set, or the file is unreadable or empty.
        """
        value = self._variables.get(name) or None
        file_name = self._variables.get(f"{name}_FILE") or None
        if file_name is None:
            return value
        if value is not None:
            raise SettingsError(f"{name} and {name}_FILE are both set; set only one of them.")
        return _read(f"{name}_FILE", Path(file_name))

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number between `low` and `high`, both included.

        Raises SettingsError for anything else.
        """
        text = self.text(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and low <= int(text[:12]) <= high):
            raise SettingsError(
                f"{name} must be a whole number from {low} to {high}, not {text[:40]!r}."
            )
        return int(text)

    def flag(self, name: str, default: bool) -> bool:
        """Return a yes-or-no setting. Raises SettingsError for a word that is neither."""
        text = self.text(name)
        if text is None:
            return default
        word = text.lower()
        if word not in _TRUE | _FALSE:
            raise SettingsError(f"{name} must be true or false, not {text[:40]!r}.")
        return word in _TRUE


def _read(variable: str, path: Path) -> str:
    try:
        value = path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise SettingsError(f"{variable}: cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{variable}: {path} is not UTF-8 text.") from error
    if not value:
        raise SettingsError(f"{variable}: {path} is empty.")
    return value
