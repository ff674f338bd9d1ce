"""Ansible tasks: which there are, and which of them touch a secret. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ..runner.references import names_in
from .names import is_secret
from .yaml_values import Located

_LISTS = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
# Conditions are not printed with their values; the rest of these is no argument.
_NOT_SHOWN = frozenset(
    ("name", "when", "failed_when", "changed_when", "until", "register", "that", "no_log", "tags")
)
# These pass variables on; the tasks inside are looked at themselves.
_PASSES_ON = ("import_tasks", "import_role", "import_playbook", "include_tasks", "include_role")


def every_task(document: Any, hidden: bool = False) -> Iterator[tuple[Located, bool]]:
    """Yield each task of a playbook or task file, and whether something above it hides its log."""
    for entry in document if isinstance(document, list) else []:
        if not isinstance(entry, Located):
            continue
        here = hidden or entry.get("no_log") is True
        nested = [name for name in _LISTS if isinstance(entry.get(name), list)]
        for name in nested:
            yield from every_task(entry[name], here)
        if not nested and "hosts" not in entry:
            yield entry, here


def touched(task: Mapping[str, Any], declared: Collection[str]) -> list[str]:
    """Return the secret variables whose values may show in a task's log.

    Args:
        declared: names that the roles' argument specifications declare as secret.
    """
    passes_on = any(str(key).rpartition(".")[2] in _PASSES_ON for key in task)
    shown = {
        key: value
        for key, value in task.items()
        if key not in _NOT_SHOWN and (not passes_on or key == "loop" or key.startswith("with_"))
    }
    return sorted(
        {name for name in _names(shown) if name in declared or is_secret(name)}
        | ({*_secret_arguments(shown)} if not passes_on else set())
    )


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from names_in(value)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if key not in _NOT_SHOWN:
                yield from _names(one)
    elif isinstance(value, list):
        for one in value:
            yield from _names(one)


def _secret_arguments(value: Any) -> Iterator[str]:
    """Yield the arguments with a secret's name that get a value from a template."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            if isinstance(one, str) and "{{" in one and is_secret(str(key)):
                yield str(key)
            yield from _secret_arguments(one)
    elif isinstance(value, list):
        for one in value:
            yield from _secret_arguments(one)
