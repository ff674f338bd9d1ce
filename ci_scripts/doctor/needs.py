"""The data file of secrets and variables, as objects."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("needs.toml")
REPOSITORY = "repository"


@dataclass(frozen=True)
class Need:
    """One secret or variable of GitHub Actions.

    Attributes:
        kind: ``secret`` or ``variable``.
        environments: where it is set; ``repository`` where no environment protects it.
        jobs: the jobs that get it.
        use: connection, application, registry, notification or report.
        required: whether those jobs stop without it.
        what: what it is.
        make: how it is made.
    """

    name: str
    kind: str
    environments: tuple[str, ...]
    jobs: tuple[str, ...]
    use: str
    required: bool
    what: str
    make: str


@cache
def needs() -> tuple[Need, ...]:
    """Return all of them, in the file's order."""
    rows = tomllib.loads(_FILE.read_text(encoding="utf-8"))["need"]
    return tuple(_need(**row) for row in rows)


def application_names() -> Iterator[str]:
    """Yield the names of the secrets that are the application's."""
    return (one.name for one in needs() if one.use == "application")


def _need(*, environments: list[str], jobs: list[str], **rest: Any) -> Need:
    return Need(environments=tuple(environments), jobs=tuple(jobs), **rest)
