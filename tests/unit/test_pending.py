"""What an image's migrations mean where the database is at a revision that the image lacks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from iadeploy import alembic_pending, pending
from iadeploy.host import Host
from iadeploy.migrations import Migrated, Wanted
from iadeploy.spec import Release
from iadeploy.task_container import Ended, Task

from tests.unit.builders import DIGEST, OLDER_ID, OTHER_DIGEST, SECRET, failure_of, release
from tests.unit.test_migrations import DROP, NEWER_ID, entry, restored
from tests.unit.world import World, host_on

WANTED = Wanted(("migrate",), url="postgresql://shop:pw@db.example/shop")


def history(**parents: str) -> dict[str, list[str]]:
    """Return an image's migrations: each revision with those it comes after."""
    return {revision: before.split() for revision, before in parents.items()}


def told_by(image: dict[str, list[str]], *current: str) -> dict[str, Any]:
    """Return what alembic_pending tells of an image where the database is at ``current``."""
    applied: set[str] = set()
    waiting = [one for one in current if one in image]
    while waiting:
        applied.add(waiting.pop())
        waiting = [up for one in applied for up in image[one] if up not in applied]
    below = {up for ups in image.values() for up in ups}
    return {
        "heads": sorted(set(image) - below),
        "unknown": [one for one in current if one not in image],
        "applied": sorted(applied),
        "pending": [
            {"revision": one, "title": "", "sql": "", "problem": ""}
            for one in image
            if one not in applied
        ],
    }


A = history(r1="", r2="r1", r3a="r2")
B = history(r1="", r2="r1", r3b="r2")
OLD = history(r1="", r2="r1")
NEXT = history(r1="", r2="r1", r3a="r2", r4="r3a")
# Of a fresh database, then of two releases.
SEEN = [entry(OLDER_ID, before="", after="r2"), entry(NEWER_ID, before="r2", after="r3a")]


def judged(image: dict[str, list[str]], current: str, entries: list[dict[str, Any]]) -> Any:
    return pending.judge(told_by(image, *current.split(", ")), current, entries, release())


def test_an_image_whose_migrations_branched_off_is_refused() -> None:
    failure = failure_of(lambda: judged(B, "r3a", SEEN))
    assert failure.cause == "refused"
    assert "at r3a, which 1.4.0 does not know" in failure.what
    assert "diverged" in failure.what and "r3b" in failure.what
    assert "alembic merge r3a r3b" in failure.next_step


def test_of_several_heads_each_one_has_to_have_been_there() -> None:
    image = history(a1="", b1="", b2="b1")
    entries = [entry(OLDER_ID, before="", after="a1, b1"), entry(NEWER_ID, before="a1, b1")]
    entries[1]["migration"]["after"] = "a2, b1"
    assert "b2" in failure_of(lambda: judged(image, "a2, b1", entries)).what
    older = judged(history(a1="", b1=""), "a2, b1", entries)
    assert (older.runs, older.after) == (False, "a2, b1")


@pytest.mark.parametrize(
    ("image", "current"), [(OLD, "r3a"), (A, "r4"), ({}, "r3a")], ids=["before", "after", "none"]
)
def test_an_older_image_is_deployed_again_and_runs_nothing(
    image: dict[str, list[str]], current: str
) -> None:
    older = judged(image, current, SEEN)
    assert (older.runs, older.destructive, older.after) == (False, [], current)
    assert "does not know: it is newer" in older.remark


def test_what_a_restore_has_undone_was_never_there() -> None:
    first = entry(OLDER_ID, before="", after="r2")
    undone = [first, entry(NEWER_ID, before="r2", after="r3b"), restored("2026-03-01T00:00:00Z")]
    undone[2]["schema"] = "r2"
    branched = [
        *undone,
        {**entry(NEWER_ID, before="r2", after="r3a"), "at": "2026-03-03T00:00:00Z"},
    ]
    assert not judged(B, "r3a", [*undone[:2], branched[3]]).runs
    assert failure_of(lambda: judged(B, "r3a", branched)).cause == "refused"
    assert not judged(OLD, "r3a", branched).runs


def test_going_back_to_a_release_tells_nothing_of_what_the_schema_was_at() -> None:
    back = {**entry(OLDER_ID, before="r2", after="r3b"), "action": "rollback", "outcome": "live"}
    assert failure_of(lambda: judged(B, "r3a", [*SEEN, back])).cause == "refused"


@pytest.mark.parametrize(
    ("after", "held"), [("r3", True), ("r4", True), ("r2", False), ("", True), ("a1, r3", True)]
)
def test_an_older_image_is_held_up_by_what_it_does_not_know_to_be_destroyed(
    after: str, held: bool
) -> None:
    """Also by what lies between it and the schema, and by what ended nobody knows where."""
    destroyed = entry(NEWER_ID, before="r2", after=after, destructive=DROP)
    entries = [entry(OLDER_ID, before="", after="r2"), destroyed]
    assert bool(judged(OLD, "r4", entries).destructive) is held
    several = judged(history(a1="", r2=""), "a2, r4", [*entries, entry(OLDER_ID, after="a1, r2")])
    assert bool(several.destructive) is held


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def host(tmp_path: Path, world: World) -> Host:
    return host_on(world, tmp_path)


class Images:
    """What images answer by their digest where the database is somewhere."""

    def __init__(self, patch: pytest.MonkeyPatch, *current: str) -> None:
        self.asked: list[str] = []
        self.known: dict[str, dict[str, list[str]]] = {}
        self._current = current
        patch.setattr(pending, "Postgres", lambda _: self)
        patch.setattr(pending, "run_task", self.run)

    def revisions(self) -> list[str]:
        """Where the database is."""
        return [*self._current]

    def run(self, _: Host, asked: Release, task: Task, secrets: dict[str, str]) -> Ended:
        """Look into an image, with the secrets of its own release."""
        self.asked.append(asked.digest)
        if asked.digest not in self.known:
            return Ended(127, b"python3: not found")
        told = told_by(self.known[asked.digest], *task.command[1:])
        return Ended(0, f"{alembic_pending.MARKER}{json.dumps(told)}\n".encode())


KEPT = release(
    id=NEWER_ID, digest=OTHER_DIGEST, migration=Migrated("r4", "r4").to_json(), committed_at="x"
)


@pytest.mark.parametrize(
    ("image", "refused"), [(A, False), (OLD, False), (B, True)], ids=["passed", "older", "branch"]
)
def test_where_the_ledger_is_young_a_kept_release_tells_what_is_older(
    host: Host, monkeypatch: pytest.MonkeyPatch, image: dict[str, list[str]], refused: bool
) -> None:
    images = Images(monkeypatch, "r4")
    images.known = {DIGEST: image, OTHER_DIGEST: NEXT}
    host.store.save(KEPT)
    host.store.save_secrets(KEPT.id, {"DATABASE_URL": SECRET})
    host.store.save(release(id=OLDER_ID, digest=OTHER_DIGEST, migration={"after": "r2"}))

    def look() -> pending.Pending:
        return pending.find_pending(host, release(), WANTED, {})

    if refused:
        assert "diverged" in failure_of(look).what
    else:
        assert look().runs is False
    assert images.asked == [DIGEST, OTHER_DIGEST]
    assert not host.store.ledger().entries


@pytest.mark.parametrize(
    "kept",
    [
        replace(KEPT, migration={}),
        replace(KEPT, digest="sha256:" + "c3" * 32),  # its image tells nothing
        replace(KEPT, digest=DIGEST),  # what is asked about
    ],
    ids=["elsewhere", "silent", "itself"],
)
def test_where_nobody_tells_a_deploy_is_refused_and_says_what_to_do(
    host: Host, monkeypatch: pytest.MonkeyPatch, kept: Release
) -> None:
    Images(monkeypatch, "r4").known = {DIGEST: A, OTHER_DIGEST: NEXT}
    host.store.save(kept)
    failure = failure_of(lambda: pending.find_pending(host, release(), WANTED, {}))
    assert failure.cause == "refused"
    assert "If 1.4.0 is only older" in failure.next_step


def test_what_the_ledger_has_seen_needs_no_second_look(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = Images(monkeypatch, "r4")
    images.known = {DIGEST: A, OTHER_DIGEST: NEXT}
    host.store.save(KEPT)
    host.store.record("migrate", "migrated", KEPT, migration=Migrated("r3a", "r4").to_json())
    assert pending.find_pending(host, release(), WANTED, {}).runs is False
    assert images.asked == [DIGEST]
