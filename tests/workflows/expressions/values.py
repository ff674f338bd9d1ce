"""How values compare and turn into text, as GitHub does it."""

from __future__ import annotations

import json
import math
from typing import Any


def truthy(value: Any) -> bool:
    """Whether a condition holds."""
    return not (value is None or value is False or value == "" or value == 0 or value != value)


def text(value: Any) -> str:
    """A value in the middle of a text."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case dict() | list():
            return json.dumps(value, indent=2)
    return str(value)


def equal(left: Any, right: Any) -> bool:
    """Texts without regard to case; values of different kinds as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if type(left) is type(right) and not isinstance(left, (int, float)):
        return bool(left == right)
    return number(left) == number(right)


def number(value: Any) -> float:
    """A value as a number; what is none is no number (NaN), which equals nothing."""
    match value:
        case None | "":
            return 0.0
        case bool() | int() | float():
            return float(value)
        case str():
            try:
                return float(value)
            except ValueError:
                return math.nan
    return math.nan
