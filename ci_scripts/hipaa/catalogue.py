"""The list of checks, read from ``checks.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Check:
    """One check as the data file describes it.

    Attributes:
        id: its short name, such as ``S1``.
        citation: paragraph of 45 CFR to ``R`` (required) or ``A`` (addressable).
        target: ``source``, ``image``, ``deployment`` or ``organisation``.
        severity: ``critical``, ``high`` or ``medium``.
        limit: what it does not show.
        not_tested: why nothing tests it here; an empty string where something does.
    """

    id: str
    title: str
    citation: dict[str, str]
    target: str
    severity: str
    limit: str
    not_tested: str = ""

    @property
    def cited(self) -> str:
        """The citations in one line, each with R or A."""
        return ", ".join(f"{paragraph} ({kind})" for paragraph, kind in self.citation.items())


@cache
def checks() -> tuple[Check, ...]:
    """Return every check in the order of the data file."""
    text = Path(__file__).with_name("checks.toml").read_text(encoding="utf-8")
    return tuple(Check(**one) for one in tomllib.loads(text)["check"])
