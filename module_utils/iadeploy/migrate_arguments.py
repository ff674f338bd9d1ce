"""How what the modules take about migrations and backups becomes objects."""

from __future__ import annotations

from typing import Any

from .migrations import BackupRules, Wanted, check_wanted


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
