"""Which needs an environment meets. Pure; no sentence here repeats a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..exits import CommandError
from ..prepare import material
from .needs import REPOSITORY, Need

_MAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")


class State(StrEnum):
    """What is known of one secret or variable here."""

    SET = "set"
    WRONG = "wrong"
    MISSING = "missing"
    LEFT_OUT = "left out"


@dataclass(frozen=True)
class Found:
    """A need and what became of it.

    Attributes:
        why: for one that is wrong, what is wrong with it.
    """

    need: Need
    state: State
    why: str = ""

    @property
    def stops(self) -> bool:
        """Whether a job stops at it."""
        return self.state is State.WRONG or self.state is State.MISSING


def chosen(needs: Iterable[Need], environment: str, job: str) -> list[Need]:
    """Return the needs of an environment and of a job; an empty string asks for all."""
    return [
        one
        for one in needs
        if (not environment or environment in one.environments or REPOSITORY in one.environments)
        and (not job or job in one.jobs)
    ]


def examine(needs: Iterable[Need], environ: Mapping[str, str]) -> list[Found]:
    """Return what is known of each need."""
    return [_found(one, environ.get(one.name, "")) for one in needs]


def _found(need: Need, value: str) -> Found:
    if not value.strip():
        return Found(need, State.MISSING if need.required else State.LEFT_OUT)
    try:
        _check(need, value)
    except CommandError as error:
        return Found(need, State.WRONG, f"{error.what} {error.next_step}")
    return Found(need, State.SET)


def _check(need: Need, value: str) -> None:
    """Return when a value looks like what it is for.

    Raises:
        CommandError: it does not.
    """
    if need.name == material.KEY:
        material.private_key(value)
    elif need.name == material.HOST_KEYS:
        material.host_keys(value)
    elif need.name == material.USER:
        material.user(value)
    elif need.name.endswith("_SERVER_IP"):
        material.addresses(need.name, value)
    elif need.name == "NOTIFICATION_EMAIL":
        if not all(_MAIL.fullmatch(one.strip()) for one in value.split(",")):
            raise material.refused(need.name, "is no e-mail address", "Use commas between them.")
    elif need.name.endswith("_URL"):
        if not value.startswith("https://"):
            raise material.refused(need.name, "is no https address", "Paste the whole address.")
    elif need.use == "application":
        material.application({need.name: value}, iter([need.name]))
