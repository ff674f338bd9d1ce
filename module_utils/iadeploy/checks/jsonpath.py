"""Paths into a JSON answer: ``checks.database``, ``items[0].name``, ``["a.b"].c``. Pure."""

from __future__ import annotations

import re
from typing import Any

_STEP = re.compile(
    r"""\.?(?P<name>[^.\[\]"]+)|\[(?P<index>-?[0-9]{1,9})\]|\["(?P<quoted>[^"]*)"\]"""
)
Step = str | int


def parse_path(text: str) -> tuple[Step, ...]:
    """Return the steps of a path.

    Raises:
        ValueError: the text is no path.
    """
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None or at == 0 and text.startswith("."):
            raise ValueError(text)
        if match["index"] is not None:
            steps.append(int(match["index"]))
        else:
            steps.append(match["name"] if match["name"] is not None else match["quoted"])
        at = match.end()
    if not steps:
        raise ValueError(text)
    return tuple(steps)


def value_at(document: Any, path: tuple[Step, ...]) -> Any:
    """Return what is at a path.

    Raises:
        LookupError: nothing is there.
    """
    for step in path:
        if isinstance(step, int) and isinstance(document, list):
            document = document[step]
        elif isinstance(step, str) and isinstance(document, dict):
            document = document[step]
        else:
            raise LookupError(step)
    return document
