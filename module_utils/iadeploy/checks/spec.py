"""What a check is, and how a playbook's words become one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import DeployError
from . import rules
from .fields import CHECK_FIELDS, EXPECT_FIELDS, KINDS, MODULE_FIELDS, SECRET_FIELDS
from .reading import Problems, read_fields, shown
from .targets import settle_target

_MOST_TOLD = 20
_COMMON = frozenset(name for name, one in CHECK_FIELDS.items() if not one.kinds)


class ConfigError(DeployError):
    """What was asked for cannot be checked.

    Args:
        problems: every fault, each beginning with its path.
    """

    def __init__(self, problems: list[str]) -> None:
        told = "; ".join(problems[:_MOST_TOLD])
        more = len(problems) - _MOST_TOLD
        super().__init__(f"{told}; and {more} more" if more > 0 else told, cause="input")
        self.problems = problems


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: its name in results and messages.
        kind: one of ``KINDS``.
        target: what is asked, by option name; holds secrets.
        expect: what a good answer is, by option name.
        place: the target as it may be shown.
        severity: ``critical`` or ``warning``.
        timeout: seconds for one attempt.
        retries: how many further attempts failures get.
        delay: seconds before the first of them.
        backoff: what the delay is multiplied with after each failure.
        max_delay: the longest delay.
        jitter: by which share a delay varies, so that many hosts don't ask at once.
        consecutive: good answers in a row that are asked for.
        depends_on: name of the container check whose end is also the end of this one.
    """

    name: str
    kind: str
    target: dict[str, Any] = field(default_factory=dict)
    expect: dict[str, Any] = field(default_factory=dict)
    place: str = ""
    severity: str = "critical"
    timeout: float = 5.0
    retries: int = 0
    delay: float = 0.5
    backoff: float = 2.0
    max_delay: float = 10.0
    jitter: float = 0.25
    consecutive: int = 1
    depends_on: str = ""

    @property
    def secrets(self) -> set[str]:
        """The values that nobody may see."""
        return find_secrets(self.target)


@dataclass(frozen=True)
class Plan:
    """All that one run of the module does; the attributes are the module's options."""

    checks: tuple[Check, ...]
    deadline: float
    concurrency: int
    log_file: str
    log_max_bytes: int
    log_keep: int

    @property
    def secrets(self) -> set[str]:
        """The values that nobody may see."""
        return {secret for check in self.checks for secret in check.secrets}


def parse_plan(raw: Mapping[Any, Any]) -> Plan:
    """Return the plan that the module's parameters describe.

    Raises:
        ConfigError: something is wrong; the exception names all of it.
    """
    problems = Problems()
    module = read_fields(raw, MODULE_FIELDS, "", "", problems)
    rules.judge_module(module, problems)
    given = module.pop("checks") or []
    if not given and not problems.found:
        problems.add("checks", "is empty, so nothing would be checked")
    checks = [_read_check(one, f"checks[{at}]", module, problems) for at, one in enumerate(given)]
    known = [check for check in checks if check is not None]
    rules.judge_names([(check.name, check.kind, check.depends_on) for check in known], problems)
    if problems.found:
        raise ConfigError(problems.found)
    told = ("deadline", "concurrency", "log_file", "log_max_bytes", "log_keep")
    return Plan(tuple(known), **{name: module[name] for name in told})


def _read_check(raw: Any, path: str, module: dict[str, Any], problems: Problems) -> Check | None:
    """Return one check, or None when it is too far from one to go on."""
    if not isinstance(raw, Mapping):
        problems.add(path, "must be a mapping")
        return None
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        told = "is missing" if kind is None else f"{shown(kind)} is not one of: {', '.join(KINDS)}"
        problems.add(f"{path}.kind", told)
        return None
    before = len(problems.found)
    values = read_fields(raw, CHECK_FIELDS, kind, path, problems)
    expect = read_fields(
        values.pop("expect") or {}, EXPECT_FIELDS, kind, f"{path}.expect", problems
    )
    common = {name: values.pop(name) for name in list(values) if name in _COMMON}
    rules.judge_common(common, path, problems)
    rules.judge_expect(kind, expect, path, problems)
    place = settle_target(kind, values, module, path, problems)
    if kind == "http":
        rules.judge_together(values, expect, path, problems)
        expect["version"] = module["release_version"] if expect["release"] else expect["version"]
    if len(problems.found) > before:
        return None
    return Check(**common, target=values, expect=expect, place=place)


def find_secrets(raw: Any) -> set[str]:
    """Return every value that must be masked, however wrong the rest is."""
    found: set[str] = set()
    if isinstance(raw, Mapping):
        for key, value in raw.items():
            secret = isinstance(key, str) and key in SECRET_FIELDS
            found |= _texts(value) if secret else find_secrets(value)
    elif isinstance(raw, (list, tuple)):
        for value in raw:
            found |= find_secrets(value)
    return found


def _texts(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return {text for one in value.values() for text in _texts(one)}
    if isinstance(value, (list, tuple)):
        return {text for one in value for text in _texts(one)}
    return {value} if isinstance(value, str) and value else set()
