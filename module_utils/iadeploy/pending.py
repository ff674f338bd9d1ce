"""Finding out what a migration would do, before it does."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from . import alembic_pending
from .errors import DeployError
from .host import Host
from .masking import log_tail
from .migrations import (
    ALEMBIC,
    Wanted,
    listed,
    one_way,
    revisions_in,
    seen_revisions,
    written,
)
from .postgres import Postgres
from .spec import Release
from .sql_judge import destructive
from .task_container import Task, run_task

_TIMEOUT = 60.0  # seconds; it imports the migrations and connects to nothing


@dataclass(frozen=True)
class Pending:
    """What would run.

    Attributes:
        before: the schema's revision, empty where only the tool knows it.
        after: the revision it would get.
        runs: whether there is anything to run, as far as one can tell.
        destructive: what the release that serves would not survive, one sentence each.
        remark: what the operator should know, or an empty string.
    """

    before: str = ""
    after: str = ""
    runs: bool = True
    destructive: list[str] = field(default_factory=list)
    remark: str = ""


def find_pending(host: Host, release: Release, wanted: Wanted, secrets: dict[str, str]) -> Pending:
    """Look into the new image and the database. Changes nothing.

    Raises:
        DeployError: the database does not tell its revision, or the image's migrations branched
            off before it.
    """
    if wanted.tool != ALEMBIC:
        return Pending(destructive=listed(release, wanted.destructive))
    current = Postgres(wanted.url).revisions()
    before, entries = written(current), host.store.ledger().entries
    try:
        answer = _ask_image(host, release, wanted, current, secrets)
    except DeployError as error:
        if error.cause == "cancelled":
            raise
        unknown = f"what it does cannot be told ({error.what})"
        return Pending(before=before, destructive=[unknown])
    strange = _strange(answer, entries)
    newer = _applied_by_newer(host, release, wanted, current) if strange else []
    return judge(answer, before, entries, release, newer)


def judge(
    answer: dict[str, Any],
    before: str,
    entries: list[dict[str, Any]],
    release: Release,
    newer: Collection[str] = (),
) -> Pending:
    """Return what an image's answer means. Pure.

    Args:
        answer: as alembic_pending prints it.
        before: the schema's revision.
        entries: the ledger's, oldest first.
        release: the release with that image.
        newer: the revisions that the database has run, as a newer image tells.

    Raises:
        DeployError: the database has not run all of the image's migrations, nor can it.
    """
    after = written(answer["heads"])
    if answer["unknown"]:
        strange = [one for one in _strange(answer, entries) if one not in newer]
        if strange:
            raise _diverged(before, answer["unknown"], strange, release)
        # An older image: its command would only say that it does not know the revision.
        known = {*answer["applied"], *(one["revision"] for one in answer["pending"])}
        past = [
            statement
            for past_release, statements in one_way(entries, "").items()
            if _is_past(entries, past_release, known)
            for statement in statements
        ]
        told = f"The schema is at {before}, which {release.label} does not know: it is newer"
        return Pending(before, before, False, past, told)
    bad = []
    for one in answer["pending"]:
        if one["problem"]:
            bad.append(f"{one['revision']}: cannot be told without running it: {one['problem']}")
        bad += [f"{one['revision']}: {what}" for what in destructive(one["sql"])]
    return Pending(before, after, bool(answer["pending"]), bad)


def _strange(answer: dict[str, Any], entries: list[dict[str, Any]]) -> list[str]:
    """Return the image's heads of which nobody knows whether a newer schema is past them.

    All that leads to a head was run when the schema was at it.
    """
    if not answer["unknown"]:
        return []
    there = {*answer["applied"], *seen_revisions(entries)}
    return [head for head in answer["heads"] if head not in there]


def _diverged(before: str, unknown: list[str], strange: list[str], release: Release) -> DeployError:
    return DeployError(
        f"the schema is at {before}, which {release.label} does not know, and it was never seen at"
        f" {written(strange)}, where {release.label} leads: their migrations have diverged",
        f"Bring both into one source ('alembic merge {' '.join([*unknown, *strange])}' joins what"
        f" branched off) and deploy an image of that. If {release.label} is only older, deploy"
        " first the release that the schema was made for: its image tells",
        cause="refused",
    )


def _is_past(entries: list[dict[str, Any]], release_id: str, known: set[str]) -> bool:
    """Tell whether a release's migration led to what is not known, or nobody can tell where."""
    ends = {
        revision
        for entry in entries
        if entry.get("release") == release_id
        for revision in revisions_in((entry.get("migration") or {}).get("after"))
    }
    return not ends or not ends <= known


def _applied_by_newer(
    host: Host, release: Release, wanted: Wanted, current: list[str]
) -> list[str]:
    """Return what the database has run, as the image of a kept release tells that knows it all.

    The ledger has not seen it where it is young, as a replaced server's is, or where a release
    went past more than one migration.
    """
    for kept in reversed(host.store.releases()):
        made_for = revisions_in(kept.migration.get("after"))
        if kept.image == release.image or made_for != {*current}:
            continue
        try:
            answer = _ask_image(host, kept, wanted, current, host.store.load_secrets(kept.id))
        except DeployError as error:
            if error.cause == "cancelled":
                raise
            continue
        if not answer["unknown"]:
            applied: list[str] = answer["applied"]
            return applied
    return []


def _ask_image(
    host: Host, release: Release, wanted: Wanted, current: list[str], secrets: dict[str, str]
) -> dict[str, Any]:
    source = pkgutil.get_data(__package__, f"{alembic_pending.__name__.rpartition('.')[2]}.py")
    task = Task(
        name=f"{host.app}-pending",
        entrypoint=("python3", "-c", (source or b"").decode()),
        command=(wanted.scripts, *current),
        offline=True,
        timeout=_TIMEOUT,
    )
    ended = run_task(host, release, task, secrets)
    for line in ended.output.decode("utf-8", errors="replace").splitlines():
        if line.startswith(alembic_pending.MARKER):
            answer: dict[str, Any] = json.loads(line[len(alembic_pending.MARKER) :])
            return answer
    said = log_tail(ended.output, secrets.values(), 1)
    raise DeployError(f"exit code {ended.exit_code}: {' '.join(said) or 'no answer'}")
