"""How what the modules take about processes becomes objects. Pure."""

from __future__ import annotations

import re
from typing import Any

from .container import parse_size
from .errors import DeployError
from .phases.handover import Handover
from .spec import PER_FLEET, PER_HOST, Process

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_SETTINGS = ("command", "count", "per", "stop_seconds", "memory", "cpus")
_MOST = 20
_LONGEST = 3600  # seconds


def build_handover(options: dict[str, Any]) -> Handover:
    """Return what a host cannot know of the fleet."""
    return Handover(options["first"], options["step"] == "stop", options["quiet"])


def build_processes(options: Any) -> tuple[Process, ...]:
    """Return the processes that ``app_processes`` describes, by name.

    Raises:
        DeployError: a name or a value is not allowed; the sentence gives its path.
    """
    if not isinstance(options, dict):
        raise _refuse("app_processes", options, "a mapping of names to processes")
    return tuple(_process(str(name), options[name]) for name in sorted(options, key=str))


def _process(name: str, options: Any) -> Process:
    if _NAME.fullmatch(name) is None:
        allowed = "a lower-case letter, then up to 30 lower-case letters, digits or hyphens"
        raise _refuse("app_processes", name, allowed)
    where = f"app_processes.{name}"
    if not isinstance(options, dict):
        raise _refuse(where, options, "a mapping with at least a command")
    unknown = sorted(str(key) for key in options if key not in _SETTINGS)
    if unknown:
        raise DeployError(
            f"{where}.{ascii(unknown[0])[1:-1][:40]} is not a setting of a process",
            f"Use {', '.join(_SETTINGS)}",
            cause="input",
        )
    per = options.get("per", PER_HOST)
    if per not in (PER_HOST, PER_FLEET):
        raise _refuse(f"{where}.per", per, "'host' or 'fleet'")
    most = 1 if per == PER_FLEET else _MOST
    allowed = "1, since the fleet has one" if per == PER_FLEET else f"a number from 1 to {_MOST}"
    return Process(
        name=name,
        command=_command(f"{where}.command", options.get("command")),
        count=_number(f"{where}.count", options.get("count"), most, allowed) or 1,
        per=per,
        stop_seconds=_number(
            f"{where}.stop_seconds",
            options.get("stop_seconds"),
            _LONGEST,
            f"seconds from 1 to {_LONGEST}",
        ),
        memory=_memory(f"{where}.memory", options.get("memory")),
        cpus=_cpus(f"{where}.cpus", options.get("cpus")),
    )


def _command(where: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(_is_word(one) for one in value):
        raise _refuse(where, value, "a list of words, such as [python, -m, shop.worker]")
    return tuple(map(str, value))


def _is_word(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _number(where: str, value: Any, most: int, allowed: str) -> int:
    """Return a number from 1 to ``most``; 0 for one that is not given."""
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise _refuse(where, value, allowed)
    return value


def _memory(where: str, value: Any) -> str:
    text = "" if value is None else str(value)
    parse_size(text, where)
    return text


def _cpus(where: str, value: Any) -> float:
    if value is None:
        return 0.0
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 1024:
        raise _refuse(where, value, "a number of processors, such as 0.5")
    return float(value)


def _refuse(where: str, value: Any, allowed: str) -> DeployError:
    told = "nothing" if value is None else ascii(value)[:80]
    return DeployError(f"{where}: {told} is not allowed", f"Use {allowed}", cause="input")
