"""Making foreign text (container logs, error bodies) safe to show and to keep."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "********"
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
# C0 and C1 controls, and the marks that reorder text on a terminal (Unicode UAX #9).
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MIN_SECRET = 4
_MAX_LINE = 500


def mask(text: str, secrets: Iterable[str]) -> str:
    """Replace every secret value in ``text``, the longest first.

    Values under 4 characters are left alone: masking "1" would blank the whole text and
    reveal by its gaps what it hides. A secret of several lines is masked line by line too.
    """
    values = {part for secret in secrets for part in (secret, *secret.splitlines())}
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= _MIN_SECRET:
            text = text.replace(value, MASK)
    return text


def printable(text: str) -> str:
    """Return ``text`` without terminal escapes, control characters or direction marks."""
    return _CONTROL.sub("", _ANSI.sub("", text)).replace("\t", "    ")


def log_tail(raw: bytes, secrets: Iterable[str], lines: int = 20) -> list[str]:
    """Return the last ``lines`` lines of a container's log, masked, printable and cut to 500
    characters each."""
    values = list(secrets)
    text = mask(raw.decode("utf-8", errors="replace"), values)
    # Once more: a secret that colours cut in two is whole again without them.
    kept = [mask(printable(line), values) for line in text.splitlines() if line.strip()]
    return [line if len(line) <= _MAX_LINE else line[:_MAX_LINE] + "…" for line in kept[-lines:]]
