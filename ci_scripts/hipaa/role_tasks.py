"""The tasks of a playbook, those of the roles that it names included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .tasks import every_task
from .yaml_values import Located, documents

_FILES = ("import_tasks", "include_tasks")
_ROLES = ("import_role", "include_role")


def tasks_of(playbook: Path, roles: Sequence[Path]) -> Iterator[Located]:
    """Yield every task that a playbook may run; what has a template for a name is not followed.

    Args:
        playbook: the playbook's file.
        roles: folders that hold roles, the first one that has a role counts.

    Raises:
        ValueError: a file is no YAML.
    """
    seen: set[Path] = set()
    text = playbook.read_text(encoding="utf-8")
    for play in (one for document in documents(text) for one in document or []):
        for role in play.get("roles") or []:
            name = role.get("role") or role.get("name") if isinstance(role, dict) else role
            yield from _from(_role_file(str(name), "main", roles), roles, seen)
    yield from _from(playbook, roles, seen)


def _from(path: Path | None, roles: Sequence[Path], seen: set[Path]) -> Iterator[Located]:
    if path is None or path in seen or not path.is_file():
        return
    seen.add(path)
    for document in documents(path.read_text(encoding="utf-8")):
        for task, _ in every_task(document):
            yield task
            yield from _from(_named(path, task, roles), roles, seen)


def _named(path: Path, task: Mapping[str, Any], roles: Sequence[Path]) -> Path | None:
    """Return the file of tasks that a task brings in, or None."""
    for key, value in task.items():
        action = key.rpartition(".")[2]
        if action in _FILES:
            name = value.get("file", "") if isinstance(value, dict) else value
            return path.parent / str(name)
        if action in _ROLES and isinstance(value, dict):
            start = str(value.get("tasks_from", "main")).removesuffix(".yml")
            return _role_file(str(value.get("name", "")), start, roles)
    return None


def _role_file(role: str, start: str, roles: Sequence[Path]) -> Path | None:
    paths = [folder / role / "tasks" / f"{start}.yml" for folder in roles]
    return next((path for path in paths if path.is_file()), None)
