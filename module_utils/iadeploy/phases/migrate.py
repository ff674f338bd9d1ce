"""Migrate: bring the schema to the new release, once for the fleet, while the old one serves."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from ..backup import make_backup
from ..encryption import check_encryption
from ..errors import DeployError
from ..host import Asked, Host
from ..masking import log_tail
from ..migrations import ACTION, ALEMBIC, Migrated, Wanted, some, written
from ..pending import Pending, find_pending
from ..postgres import NOTICE_LOST_CLIENT, Postgres, check_programs
from ..spec import Release
from ..task_container import Ended, Task, remove_task, run_task
from .fetch import fetch_release


def preflight(wanted: Wanted) -> None:
    """Refuse early what would end a migration before it begins. Asks no database.

    Raises:
        DeployError: a URL or a recipient is none, or a program is not on this server.
    """
    if wanted.tool == ALEMBIC or wanted.backup.wanted:
        for url in filter(None, (wanted.url, wanted.backup.scratch_url)):
            Postgres(url)
        check_programs()
    if wanted.backup.wanted:
        check_encryption(wanted.backup.recipients)


def migrate(host: Host, release: Release, wanted: Wanted, asked: Asked) -> dict[str, Any]:
    """Look what is pending, make a backup, and run the release's migration command.

    Returns:
        ``migration``, a record of what came of it; the last lines it printed; the backup.

    Raises:
        DeployError: refused, or failed. No server was moved; the sentence says which revision
            the schema is at.
    """
    secrets = host.store.load_secrets(release.id)
    left = remove_task(host, _name(host))
    pending = find_pending(host, release, wanted, secrets)
    _check_allowed(pending, wanted)
    remarks = [pending.remark] if pending.remark else []
    if left:
        remarks.append("A migration that an earlier run had left behind was ended")
    if not pending.runs:
        found = Migrated(pending.before, pending.before, destructive=pending.destructive)
        return {"changed": False, "migration": found.to_json(), "remarks": remarks}
    backup = (
        make_backup(host.store, wanted.url, wanted.backup, release.id)
        if (wanted.backup.wanted)
        else {}
    )
    begun = Migrated(
        pending.before, ran=True, destructive=pending.destructive, backup=backup.get("name", "")
    )
    host.store.begin(ACTION, release.id, **_facts(host.store.journal()))
    host.store.intend(ACTION, release, asked.actor, migration=begun.to_json())
    ended, migrated = _run(host, release, wanted, secrets, begun, asked)
    host.store.record(ACTION, "migrated", release, actor=asked.actor, migration=migrated.to_json())
    return {
        "changed": True,
        "migration": migrated.to_json(),
        "backup": backup,
        "output": log_tail(ended.output, [*secrets.values(), *_password(wanted)]),
        "remarks": remarks,
    }


def preview(
    host: Host, release: Release, secrets: dict[str, str], wanted: Wanted
) -> dict[str, Any]:
    """Tell what ``migrate`` would do, and leave the host as it was: the image goes again too.

    Raises:
        DeployError: it would be refused.
    """
    there = host.engine.has_image(release.image)
    try:
        pending = find_pending(host, fetch_release(host, release, secrets), wanted, secrets)
    finally:
        host.store.forget(release.id)
        if not there:
            host.engine.remove_image(release.image)
    _check_allowed(pending, wanted)
    found = Migrated(pending.before, pending.after, destructive=pending.destructive)
    return {"changed": pending.runs, "migration": found.to_json(), "remarks": _would(pending)}


def _would(pending: Pending) -> list[str]:
    if not pending.runs:
        return [pending.remark] if pending.remark else []
    remarks = ["The migration command would run"]
    if pending.before or pending.after:
        told = f"from {pending.before or 'empty'} to {pending.after or 'where it leads'}"
        remarks = [f"The schema would go {told}"]
    if pending.destructive:
        said = "That is destructive, and ends all going back by itself"
        remarks.append(f"{said}: {some(pending.destructive)}")
    return remarks


def _name(host: Host) -> str:
    return f"{host.app}-migrate"


def _variables(release: Release, wanted: Wanted) -> tuple[str, ...]:
    """Return what has the database end a migration whose container was killed (libpq's way)."""
    if wanted.tool != ALEMBIC or not Postgres(wanted.url).notices_lost_clients():
        return ()
    own = release.runtime.env.get("PGOPTIONS", "")
    return (f"PGOPTIONS={own} {NOTICE_LOST_CLIENT}",)


def _facts(journal: dict[str, Any]) -> dict[str, Any]:
    """Return what the journal holds besides the step: an abort needs it."""
    return {key: journal[key] for key in ("slot", "before", "before_slot") if key in journal}


def _password(wanted: Wanted) -> list[str]:
    return Postgres(wanted.url).secrets if wanted.url.startswith("postgres") else []


def _check_allowed(pending: Pending, wanted: Wanted) -> None:
    if pending.destructive and not wanted.allow_destructive:
        raise DeployError(
            f"the migration from {pending.before or 'this schema'} is destructive:"
            f" {some(pending.destructive)}",
            "Split it into steps that the release which serves survives, or repeat with"
            " --allow-destructive: going back by itself is off from then on",
            cause="refused",
            evidence={"destructive": pending.destructive},
        )


def _run(
    host: Host,
    release: Release,
    wanted: Wanted,
    secrets: dict[str, str],
    begun: Migrated,
    asked: Asked,
) -> tuple[Ended, Migrated]:
    """Run the command; what becomes of it stands in the ledger, also when it fails."""
    task = Task(
        _name(host),
        wanted.command,
        variables=_variables(release, wanted),
        timeout=wanted.timeout,
    )
    started = time.monotonic()
    try:
        ended = run_task(host, release, task, secrets)
        what = f"the migration ended with exit code {ended.exit_code}" if ended.exit_code else ""
        output = ended.output
    except DeployError as error:
        ended, output = Ended(-1, b""), error.evidence.pop("output", b"")
        what = f"the migration was ended: {error.what}"
    after = _revision(wanted)
    migrated = replace(begun, after=after or "", seconds=round(time.monotonic() - started, 3))
    if not what:
        return ended, migrated
    if after == begun.before:
        migrated = replace(migrated, ran=False)
    told = migrated.to_json()
    host.store.record(ACTION, "failed", release, actor=asked.actor, migration=told, reason=what)
    raise DeployError(
        f"{what}; {_where(begun.before, after, wanted)}",
        "Read its last lines; no server was moved",
        cause="migration",
        evidence={
            "migration": told,
            "log": log_tail(output, [*secrets.values(), *_password(wanted)]),
        },
    )


def _revision(wanted: Wanted) -> str | None:
    """Return the schema's revision, empty for an empty one, or None where it cannot be told."""
    if wanted.tool != ALEMBIC:
        return None
    try:
        return written(Postgres(wanted.url).revisions())
    except DeployError:
        return None


def _where(before: str, after: str | None, wanted: Wanted) -> str:
    if wanted.tool != ALEMBIC:
        return "how far it came only its tool knows"
    if after is None:
        return "which revision the schema is at is not known"
    if after == before:
        return f"the schema is still at {before or 'its empty beginning'}"
    return f"the schema is at {after or 'its empty beginning'}"
