"""Finding out what a migration would do, before it does."""

from __future__ import annotations

import json
import pkgutil
from dataclasses import dataclass, field
from typing import Any

from . import alembic_pending
from .errors import DeployError
from .host import Host
from .masking import log_tail
from .migrations import ALEMBIC, Wanted, listed, one_way
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
        DeployError: the database does not tell its revision.
    """
    if wanted.tool != ALEMBIC:
        return Pending(destructive=listed(release, wanted.destructive))
    current = Postgres(wanted.url).revisions()
    before = ", ".join(current)
    try:
        answer = _ask_image(host, release, wanted, current, secrets)
    except DeployError as error:
        if error.cause == "cancelled":
            raise
        unknown = f"what it does cannot be told ({error.what})"
        return Pending(before=before, destructive=[unknown])
    return judge(answer, before, host.store.ledger().entries, release)


def judge(
    answer: dict[str, Any], before: str, entries: list[dict[str, Any]], release: Release
) -> Pending:
    """Return what an image's answer means. Pure.

    Args:
        answer: as alembic_pending prints it.
        before: the schema's revision.
        entries: the ledger's, oldest first.
        release: the release with that image.
    """
    after = ", ".join(answer["heads"])
    if answer["unknown"]:
        # An older image: its command would only say that it does not know the revision.
        past = [
            statement
            for past_release, statements in one_way(entries, "").items()
            if any(
                entry.get("release") == past_release and _reached(entry, answer["unknown"])
                for entry in entries
            )
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


def _reached(entry: dict[str, Any], revisions: list[str]) -> bool:
    migration = entry.get("migration") or {}
    return bool(migration.get("destructive")) and migration.get("after") in revisions


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
