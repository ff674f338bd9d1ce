"""From what a playbook says to values of the right type; every fault is named by its path. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from .fields import Field

_TRUE = ("yes", "on", "true", "1", "y", "t")
_FALSE = ("no", "off", "false", "0", "n", "f")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_WORDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a mapping",
}


def shown(value: Any) -> str:
    """Return a wrong value as it may be shown: escaped and short, a container by its type."""
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, Mapping):
        return "a mapping"
    try:
        text = ascii(value)
    except ValueError:  # Python refuses to print integers of thousands of digits
        text = "a number"
    return text if len(text) <= 42 else f"{text[:40]}…"


class Problems:
    """All that is wrong, gathered so that one run names it all."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, path: str, what: str) -> None:
        """Add one fault at a path such as ``checks[3].expect.status``."""
        self.found.append(f"{path}: {what}")


def read_fields(
    raw: Mapping[Any, Any], fields: Mapping[str, Field], kind: str, path: str, problems: Problems
) -> dict[str, Any]:
    """Return the values of the fields that ``kind`` takes, defaults filled in.

    Args:
        raw: what was given.
        fields: what there is.
        kind: the check's kind; an empty string takes all fields.
        path: where it was given; empty at the top.
    """
    _name_strangers(raw, fields, kind, path, problems)
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if kind and field.kinds and kind not in field.kinds:
            continue
        given = raw.get(name)
        where = f"{path}.{name}" if path else name
        if given is None:
            values[name] = field.default
            if field.required:
                problems.add(where, "is missing")
        else:
            values[name] = _read(given, field, where, problems)
    return values


def _name_strangers(
    raw: Mapping[Any, Any], fields: Mapping[str, Field], kind: str, path: str, problems: Problems
) -> None:
    prefix = f"{path}." if path else ""
    for key, value in raw.items():
        known = isinstance(key, str) and key in fields
        if not known:
            shown_key = key if isinstance(key, str) and key.isidentifier() else shown(key)
            taken = [
                name
                for name, one in fields.items()
                if not (kind and one.kinds) or kind in one.kinds
            ]
            problems.add(
                f"{prefix}{shown_key[:42]}", f"is not known; there are: {', '.join(taken)}"
            )
        elif value is not None and kind and fields[key].kinds and kind not in fields[key].kinds:
            problems.add(
                f"{prefix}{key}",
                f"belongs to the kinds {', '.join(fields[key].kinds)}, not to {kind}",
            )


def _read(given: Any, field: Field, where: str, problems: Problems) -> Any:
    if field.type == "list":
        values = _read_list(given, field, where, problems)
        return field.default if values is None else values
    read = _READERS[field.type]
    try:
        value = read(given)
    except ValueError:
        # A number's or a switch's wrong value helps; a text may be a secret in the wrong place.
        tell = field.type in ("int", "float", "bool")
        it_is = f"{shown(given)} is not" if tell else "it is something else"
        problems.add(where, f"must be {_WORDS[field.type]}; {it_is}")
        return field.default
    return value if _allowed(value, field, where, problems) else field.default


def _read_list(given: Any, field: Field, where: str, problems: Problems) -> list[Any] | None:
    if isinstance(given, (Mapping, str)) or not isinstance(given, (list, tuple, int, float)):
        problems.add(where, "must be a list; it is something else")
        return None
    values = list(given) if isinstance(given, (list, tuple)) else [given]
    if field.elements == "dict":
        return values
    one = Field(field.elements, least=field.least, most=field.most)
    return [_read(value, one, f"{where}[{at}]", problems) for at, value in enumerate(values)]


def _allowed(value: Any, field: Field, where: str, problems: Problems) -> bool:
    if field.choices and value not in field.choices:
        problems.add(where, f"{shown(value)} is not one of: {', '.join(field.choices)}")
        return False
    least, most = field.least, field.most
    if least is not None and value < least or most is not None and value > most:
        problems.add(where, f"{shown(value)} is not between {least:g} and {most:g}")
        return False
    return True


def _text(given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        raise ValueError
    text = str(given)
    if _CONTROL.search(text) or any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError
    return text


def _whole(given: Any) -> int:
    if isinstance(given, bool):
        raise ValueError
    if isinstance(given, int):
        return given
    if isinstance(given, float) and given.is_integer():
        return int(given)
    if isinstance(given, str) and _WHOLE.fullmatch(given.strip()):
        return int(given)
    raise ValueError


def _number(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        raise ValueError
    try:
        value = float(given)
    except OverflowError as error:
        raise ValueError from error
    if not math.isfinite(value):
        raise ValueError
    return value


def _truth(given: Any) -> bool:
    if isinstance(given, bool):
        return given
    word = str(given).lower() if isinstance(given, (str, int)) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError


def _mapping(given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise ValueError
    return dict(given)


_READERS: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "int": _whole,
    "float": _number,
    "bool": _truth,
    "dict": _mapping,
}
