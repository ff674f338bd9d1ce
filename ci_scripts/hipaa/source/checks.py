"""Which function carries out which check of a source."""

from __future__ import annotations

from collections.abc import Callable

from ..verdict import Verdict
from . import s02_secret_variables, s07_verification
from .context import Source

CHECKS: dict[str, Callable[[Source], Verdict]] = {
    "S2": s02_secret_variables.check,
    "S7": s07_verification.check,
}
