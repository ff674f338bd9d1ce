"""What is to be migrated, what came of it, and what that means for going back. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .errors import DeployError
from .recipients import check_recipients
from .spec import Release

ALEMBIC, OTHER = "alembic", "other"
ACTION = "migrate"  # in the ledger
_MOST_SHOWN = 5


@dataclass(frozen=True)
class BackupRules:
    """How backups are made.

    Attributes:
        wanted: whether a migration is preceded by one.
        keep: how many a server keeps.
        timeout: seconds for making one, and again for proving it.
        scratch_url: where a scratch database may be made; empty for the database's own server.
        recipients: public keys of age that a backup is encrypted for; empty keeps it as it is.
    """

    wanted: bool = False
    keep: int = 5
    timeout: float = 900.0
    scratch_url: str = ""
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """How a release migrates the schema.

    Attributes:
        command: arguments for the new image; empty when the application has no migrations.
        timeout: seconds it may take.
        tool: ``alembic``, which is looked into, or ``other``.
        scripts: where Alembic's migrations are in the image; empty for what alembic.ini says.
        destructive: for other tools, the versions whose migration destroys; ``*`` is any text.
        allow_destructive: whether a destructive migration was asked for.
        url: the database's URL; empty when only the application knows it.
    """

    command: tuple[str, ...] = ()
    timeout: float = 300.0
    tool: str = ALEMBIC
    scripts: str = ""
    destructive: tuple[str, ...] = ()
    allow_destructive: bool = False
    url: str = ""
    backup: BackupRules = field(default_factory=BackupRules)


@dataclass(frozen=True)
class Migrated:
    """What a migration came to; kept in the release's record and in the ledger.

    Attributes:
        before: the schema's revision before; empty where only the tool knows it.
        after: the schema's revision afterwards; empty also where nobody could read it.
        ran: whether anything ran, or may have.
        destructive: the statements that the release before does not survive.
        backup: name of the backup that was made before.
        seconds: how long the command took.
    """

    before: str = ""
    after: str = ""
    ran: bool = False
    destructive: list[str] = field(default_factory=list)
    backup: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return what records keep."""
        return asdict(self)


def check_wanted(wanted: Wanted) -> Wanted:
    """Return ``wanted`` when a migration can be run by it.

    Raises:
        DeployError: a value is outside what is allowed; the sentence names it.
    """
    if not wanted.command:
        return wanted
    if not wanted.timeout > 0:
        raise _refuse("app_migrate_timeout", str(wanted.timeout), "seconds above 0")
    check_backup(wanted.backup)
    if wanted.tool == ALEMBIC and wanted.destructive:
        raise DeployError(
            "app_migrate_destructive is for tools that cannot be looked into",
            "Leave it out with Alembic, or set app_migrate_tool: other",
            cause="input",
        )
    if not wanted.url and (wanted.tool == ALEMBIC or wanted.backup.wanted):
        raise DeployError(
            "app_secrets has no database URL under the name that app_database_secret says",
            "Name the right secret, or set app_migrate_tool: other and app_backup: false",
            cause="input",
        )
    return wanted


def check_backup(rules: BackupRules) -> BackupRules:
    """Return ``rules`` when backups can be made by them.

    Raises:
        DeployError: a value is outside what is allowed; the sentence names it.
    """
    if rules.keep < 1:
        raise _refuse("app_backup_keep", str(rules.keep), "1 or more")
    if not rules.timeout > 0:
        raise _refuse("app_backup_timeout", str(rules.timeout), "seconds above 0")
    check_recipients(rules.recipients)
    return rules


def listed(release: Release, patterns: Iterable[str]) -> list[str]:
    """Return why a tool that cannot be looked into destroys: its release is on the list."""
    return [
        f"app_migrate_destructive names {pattern}"
        for pattern in patterns
        if any(fnmatchcase(name, pattern) for name in (release.version, release.tag) if name)
    ]


def some(statements: list[str]) -> str:
    """Return the first statements for a message."""
    more = len(statements) - _MOST_SHOWN
    return "; ".join(statements[:_MOST_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def written(revisions: Iterable[str]) -> str:
    """Return a schema's revision as records tell it; there may be several heads."""
    return ", ".join(sorted(revisions))


def revisions_in(told: object) -> set[str]:
    """Return the revisions that a record tells; backups once told several with a "+"."""
    return {one for one in re.split(r"[+, ]+", str(told or "")) if one}


def one_way(entries: Iterable[dict[str, Any]], target: str) -> dict[str, list[str]]:
    """Return the destructive migrations that a release would meet: release id to statements.

    Args:
        entries: the ledger's, oldest first.
        target: the release to go back to; empty for one that was never here.
    """
    found: dict[str, tuple[str, list[str]]] = {}
    for entry in _since(list(entries), target):
        migration, release = _migration(entry), str(entry.get("release", ""))
        if _is_restored(entry):
            made = str(entry.get("backup_at", ""))
            found = {name: one for name, one in found.items() if one[0] < made}
        elif migration.get("destructive") and release != target:
            if migration.get("ran"):
                found.setdefault(release, (str(entry.get("at", "")), migration["destructive"]))
            else:
                found.pop(release, None)
    return {release: statements for release, (_, statements) in found.items()}


def _since(entries: list[dict[str, Any]], target: str) -> list[dict[str, Any]]:
    """Return the entries behind a release's last going live here, or else behind its begin.

    Their order counts: an id tells the time by the clock of whoever deployed. It has to do where
    the ledger does not know the release.
    """
    its = [number for number, one in enumerate(entries) if target and one.get("release") == target]
    lived = [number for number in its if entries[number].get("outcome") == "live"]
    if its:
        return entries[(lived[-1] if lived else its[0]) + 1 :]
    return [one for one in entries if not one.get("release") or str(one["release"]) > target]


def _migration(entry: dict[str, Any]) -> dict[str, Any]:
    """Return what an entry tells of a migration; a rollback only repeats the release's own."""
    return {} if entry.get("action") == "rollback" else entry.get("migration") or {}


def _is_restored(entry: dict[str, Any]) -> bool:
    return entry.get("action") == "restore" and entry.get("outcome") == "restored"


def schema_at(entries: Iterable[dict[str, Any]]) -> str:
    """Return the revision that the ledger last saw the schema at, or an empty string."""
    seen = ""
    for entry in entries:
        seen = _migration(entry).get("after") or entry.get("schema") or seen
    return written(revisions_in(seen))


def seen_revisions(entries: Iterable[dict[str, Any]]) -> set[str]:
    """Return every revision that the ledger saw the schema at, but for what a restore undid."""
    found: list[tuple[str, set[str]]] = []
    for entry in entries:
        at, told = str(entry.get("at", "")), _migration(entry)
        seen = revisions_in(told.get("before")) | revisions_in(told.get("after"))
        if _is_restored(entry):
            at, seen = str(entry.get("backup_at", "")), revisions_in(entry.get("schema"))
            found = [one for one in found if one[0] < at]
        found.append((at, seen))
    return {revision for _, revisions in found for revision in revisions}


def meaning_of_going_back(
    entries: list[dict[str, Any]], target: Release, allowed: bool
) -> dict[str, Any]:
    """Say what a rollback means for the schema, which stays as it is.

    Returns:
        ``schema``, a sentence; empty when the release has seen this schema, or none is known.

    Raises:
        DeployError: a migration since then destroyed what the release needs, and going past it
            was not asked for.
    """
    past = one_way(entries, target.id)
    if past and not allowed:
        told = " ".join(f"Release {release}: {some(what)}." for release, what in past.items())
        raise DeployError(
            f"going back to {target.label} goes past a destructive migration, and the schema"
            f" stays as it is. {told.rstrip('.')}",
            "Deploy a repaired release, restore a backup with 'iactl restore', or repeat with"
            " --past-destructive when you know that it runs on this schema",
            cause="refused",
        )
    now = schema_at(entries)
    if not now or revisions_in(now) == revisions_in(target.migration.get("after")):
        return {"schema": ""}
    kind = "destructive, and going past it was asked for" if past else "additive"
    return {
        "schema": f"The schema stays at {now}, which {target.label} has not seen; what was"
        f" migrated since is {kind}"
    }


def _refuse(where: str, value: str, allowed: str) -> DeployError:
    return DeployError(f"{where}: {value[:80]!a} is not allowed", f"Use {allowed}", cause="input")
