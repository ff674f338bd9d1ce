"""Wait for a condition instead of for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from .errors import RigError

Value = TypeVar("Value")


def wait_until(
    condition: Callable[[], Value | None], what: str, *, deadline: float = 30.0, every: float = 0.1
) -> Value:
    """Return the condition's first truthy value.

    `deadline` and `every` are seconds. Raises RigError, naming `what`, when the deadline passes.
    """
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise RigError(f"{what} did not happen within {deadline:g} s")
        time.sleep(every)
