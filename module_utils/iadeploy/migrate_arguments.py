"""What the modules take about migrations and backups, and how it becomes objects."""

from __future__ import annotations

from typing import Any

from .migrations import BackupRules, Wanted, check_wanted

BACKUP_OPTIONS: dict[str, Any] = {
    "wanted": {"type": "bool", "default": False},
    "keep": {"type": "int", "default": 5},
    "timeout": {"type": "float", "default": 900.0},
    "scratch_url": {"type": "str", "default": "", "no_log": True},
    "recipients": {"type": "list", "elements": "str", "default": []},
}

MIGRATE_OPTIONS: dict[str, Any] = {
    "command": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "float", "default": 300.0},
    "tool": {"type": "str", "choices": ["alembic", "other"], "default": "alembic"},
    "scripts": {"type": "str", "default": ""},
    "destructive": {"type": "list", "elements": "str", "default": []},
    "allow_destructive": {"type": "bool", "default": False},
    "url": {"type": "str", "default": "", "no_log": True},
    "backup": {"type": "dict", "default": {}, "options": BACKUP_OPTIONS, "apply_defaults": True},
}


def build_backup(options: dict[str, Any]) -> BackupRules:
    """Return how backups are made; ``check_backup`` has the last word."""
    return BackupRules(**{**options, "recipients": tuple(options.get("recipients", ()))})


def build_migrate(options: dict[str, Any]) -> Wanted:
    """Return how the release migrates the schema.

    Raises:
        DeployError: a value is outside what is allowed.
    """
    values = dict(options)
    values["command"], values["destructive"] = (
        tuple(values["command"]),
        tuple(values["destructive"]),
    )
    return check_wanted(Wanted(**{**values, "backup": build_backup(values["backup"])}))
