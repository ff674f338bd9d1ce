"""What is to be migrated, and what a migration means for going back."""

from __future__ import annotations

from typing import Any

import pytest
from iadeploy.migrate_arguments import build_migrate
from iadeploy.migrations import (
    Migrated,
    Wanted,
    check_wanted,
    listed,
    meaning_of_going_back,
    one_way,
    schema_at,
    some,
)
from iadeploy.pending import judge
from iadeploy.task_container import Task, task_request

from tests.unit.builders import OLDER_ID, RELEASE_ID, SECRET, failure_of, release

NEWER_ID = "20260302-090000-aa00ff"
URL = "postgresql://shop:pw@db.example/shop"
DROP = ["ALTER TABLE entries DROP COLUMN mood (drops what the old release may use)"]


def entry(release_id: str, **migration: Any) -> dict[str, Any]:
    at = f"{release_id[:4]}-{release_id[4:6]}-{release_id[6:8]}T10:00:00Z"
    told = Migrated(**{"ran": True, "before": "0002", "after": "0003", **migration}).to_json()
    return {"action": "migrate", "at": at, "release": release_id, "migration": told}


def live(release_id: str, **facts: Any) -> dict[str, Any]:
    return {"action": "deploy", "outcome": "live", "release": release_id, **facts}


def restored(backup_at: str, outcome: str = "restored") -> dict[str, Any]:
    return {"action": "restore", "outcome": outcome, "backup_at": backup_at, "schema": "0002"}


def wanted(**changes: Any) -> Wanted:
    return build_migrate(
        {
            "command": ["migrate"],
            "timeout": 300.0,
            "tool": "alembic",
            "scripts": "",
            "destructive": [],
            "allow_destructive": False,
            "url": URL,
            "backup": {"wanted": True, "keep": 5, "timeout": 900.0, "scratch_url": ""},
            **changes,
        }
    )


def test_parameters_become_what_a_migration_works_with() -> None:
    built = wanted(destructive=[], command=["alembic", "upgrade", "head"])
    assert built.command == ("alembic", "upgrade", "head")
    assert (built.backup.keep, built.url) == (5, URL)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"timeout": 0.0}, "app_migrate_timeout"),
        ({"timeout": float("nan")}, "app_migrate_timeout"),
        ({"destructive": ["2.*"]}, "app_migrate_destructive"),
        ({"url": ""}, "app_database_secret"),
        ({"url": "", "tool": "other"}, "app_database_secret"),
        ({"backup": {"keep": 0}}, "app_backup_keep"),
        ({"backup": {"timeout": 0.0}}, "app_backup_timeout"),
    ],
    ids=str,
)
def test_a_setting_that_makes_no_sense_is_bad_input(changes: dict[str, Any], named: str) -> None:
    failure = failure_of(lambda: wanted(**changes))
    assert (failure.cause, named in str(failure)) == ("input", True)


def test_without_a_command_nothing_is_asked_for() -> None:
    assert check_wanted(Wanted(timeout=-1)).command == ()
    assert wanted(tool="other", url="", backup={"wanted": False}, destructive=["2.*"])


@pytest.mark.parametrize(
    ("version", "patterns", "count"),
    [("2.0.0", ["2.*"], 1), ("2.0.0", ["3.*", "2.0.0"], 1), ("2.0.0", ["1.*"], 0), ("", [""], 0)],
)
def test_another_tool_s_list_is_taken_at_its_word(
    version: str, patterns: list[str], count: int
) -> None:
    assert len(listed(release(version=version, tag=""), patterns)) == count


def test_a_rollback_meets_the_destructive_migrations_of_later_releases_only() -> None:
    entries = [entry(OLDER_ID, destructive=DROP), entry(NEWER_ID, destructive=DROP)]
    assert one_way(entries, RELEASE_ID) == {NEWER_ID: DROP}
    assert one_way(entries, NEWER_ID) == {}
    assert list(one_way(entries, "")) == [OLDER_ID, NEWER_ID]
    assert one_way([entry(NEWER_ID)], RELEASE_ID) == {}


def test_what_lies_between_goes_by_the_ledger_s_order_and_by_no_controller_s_clock() -> None:
    # The destructive one was deployed from a laptop whose clock is a month behind.
    entries = [live(RELEASE_ID), entry(OLDER_ID, destructive=DROP), live(OLDER_ID)]
    assert one_way(entries, RELEASE_ID) == {OLDER_ID: DROP}
    assert one_way(entries, OLDER_ID) == {}
    # And here the one that it is gone back to.
    entries = [entry(NEWER_ID, destructive=DROP), live(NEWER_ID), live(OLDER_ID)]
    assert one_way(entries, OLDER_ID) == {}
    # It has served on that schema since then.
    entries = [live(RELEASE_ID), entry(NEWER_ID, destructive=DROP), live(RELEASE_ID)]
    assert one_way(entries, RELEASE_ID) == {}
    # It has only been tried to.
    tried = {**live(RELEASE_ID), "outcome": "failed"}
    entries = [live(RELEASE_ID), entry(NEWER_ID, destructive=DROP), tried]
    assert one_way(entries, RELEASE_ID) == {NEWER_ID: DROP}


def test_a_release_that_was_never_live_here_counts_from_where_it_was_begun() -> None:
    begun = {"kind": "intent", "action": "deploy", "release": RELEASE_ID}
    between = entry(OLDER_ID, destructive=DROP)
    tried = {**begun, "action": "rollback"}
    assert one_way([begun, between, tried], RELEASE_ID) == {OLDER_ID: DROP}
    assert one_way([between, begun], RELEASE_ID) == {}


def test_other_servers_know_a_migration_from_the_release_that_went_live() -> None:
    told = entry(NEWER_ID, destructive=DROP)["migration"]
    entries = [live(RELEASE_ID), live(NEWER_ID, migration=told)]
    assert one_way(entries, RELEASE_ID) == {NEWER_ID: DROP}


def test_going_back_to_a_release_migrates_nothing() -> None:
    told = entry(NEWER_ID, destructive=DROP)["migration"]
    back = live(NEWER_ID, action="rollback", migration=told)
    assert one_way([live(RELEASE_ID), back], RELEASE_ID) == {}
    assert schema_at([entry(NEWER_ID, after="0004"), back]) == "0004"


def test_one_that_was_rolled_back_by_the_database_counts_no_more() -> None:
    begun, failed = entry(NEWER_ID, destructive=DROP), entry(NEWER_ID, destructive=DROP, ran=False)
    assert one_way([begun, failed], RELEASE_ID) == {}
    assert one_way([begun], RELEASE_ID) == {NEWER_ID: DROP}


@pytest.mark.parametrize(
    ("backup_at", "outcome", "still"),
    [
        ("2026-03-02T09:59:59Z", "restored", False),
        ("2026-03-02T11:00:00Z", "restored", True),
        ("2026-03-02T09:59:59Z", "begun", True),
    ],
)
def test_a_restore_undoes_what_came_after_its_backup(
    backup_at: str, outcome: str, still: bool
) -> None:
    entries = [entry(NEWER_ID, destructive=DROP), restored(backup_at, outcome)]
    assert bool(one_way(entries, RELEASE_ID)) is still


def test_the_ledger_tells_the_schema_s_revision() -> None:
    assert schema_at([]) == ""
    assert schema_at([entry(OLDER_ID), {"action": "deploy"}]) == "0003"
    assert schema_at([entry(OLDER_ID), restored("2026-01-01T00:00:00Z")]) == "0002"
    assert schema_at([{**restored("2026-01-01T00:00:00Z"), "schema": "a1+b1"}]) == "a1, b1"


def test_going_back_says_what_it_means_for_the_schema() -> None:
    target = release(version="1.4.0", migration=Migrated("0001", "0002").to_json())
    told = meaning_of_going_back([entry(NEWER_ID)], target, False)["schema"]
    assert told.startswith("The schema stays at 0003, which 1.4.0 has not seen")
    assert "additive" in told
    same = release(migration=Migrated("0002", "0003").to_json())
    assert meaning_of_going_back([entry(NEWER_ID)], same, False) == {"schema": ""}
    assert meaning_of_going_back([], release(), False) == {"schema": ""}
    # As backups told several heads once, and in another order.
    back = {**restored("2026-03-01T00:00:00Z"), "schema": "b1+a1"}
    both = release(migration=Migrated("", "a1, b1").to_json())
    assert meaning_of_going_back([back], both, False) == {"schema": ""}


def test_going_back_past_a_destructive_migration_has_to_be_asked_for() -> None:
    entries = [entry(NEWER_ID, destructive=DROP)]
    failure = failure_of(lambda: meaning_of_going_back(entries, release(), False))
    assert failure.cause == "refused"
    assert DROP[0] in str(failure) and NEWER_ID in str(failure)
    assert "--past-destructive" in failure.next_step
    assert "destructive" in meaning_of_going_back(entries, release(), True)["schema"]


def pending(**facts: str) -> dict[str, str]:
    return {"revision": "0003", "title": "", "sql": "", "problem": "", **facts}


def answered(*migrations: dict[str, str], unknown: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "heads": ["0003"],
        "unknown": list(unknown),
        "applied": ["0002"],
        "pending": list(migrations),
    }


def test_an_image_s_answer_is_judged() -> None:
    none = judge(answered(), "0003", [], release())
    assert (none.runs, none.destructive, none.after) == (False, [], "0003")
    good = judge(answered(pending(sql="CREATE TABLE t (id int);")), "0002", [], release())
    assert (good.runs, good.destructive) == (True, [])
    bad = judge(answered(pending(sql="DROP TABLE t;")), "0002", [], release())
    assert bad.destructive[0].startswith("0003: DROP TABLE t")


def test_what_cannot_be_rendered_counts_as_destructive() -> None:
    told = judge(answered(pending(problem="TypeError: no rows")), "0002", [], release())
    assert "cannot be told without running it: TypeError: no rows" in told.destructive[0]


def test_an_older_image_runs_nothing_and_is_held_up_by_a_destructive_migration_only() -> None:
    older = judge(answered(unknown=("0004",)), "0004", [entry(OLDER_ID)], release())
    assert (older.runs, older.destructive) == (False, [])
    assert "does not know" in older.remark
    entries = [entry(NEWER_ID, destructive=DROP, before="0003", after="0004")]
    assert judge(answered(unknown=("0004",)), "0004", entries, release()).destructive == DROP
    # One that the image knows is none that holds it up.
    known = entry(OLDER_ID, destructive=["DROP TABLE before"], after="0002")
    told = judge(answered(unknown=("0004",)), "0004", [known, *entries], release())
    assert told.destructive == DROP


def test_a_message_shows_the_first_statements_only() -> None:
    assert some(["a", "b"]) == "a; b"
    assert some(list("abcdefg")) == "a; b; c; d; e; and 2 more"


def test_a_task_s_container_has_no_slot_and_no_address() -> None:
    task = Task("shop-migrate", ("migrate",))
    request = task_request(release(), task, "iadeploy", "/secrets", {"DATABASE_URL": SECRET})
    assert request["Cmd"] == ["migrate"] and "Entrypoint" not in request
    assert request["NetworkingConfig"] == {}
    assert request["HostConfig"]["NetworkMode"] == "iadeploy"
    assert request["Labels"]["iadeploy.slot"] == ""
    assert SECRET not in str(request)


def test_a_look_into_the_image_has_no_network() -> None:
    task = Task("shop-pending", ("",), entrypoint=("python3",), offline=True)
    request = task_request(release(), task, "iadeploy", "", {})
    assert request["HostConfig"]["NetworkMode"] == "none"
    assert request["Entrypoint"] == ["python3"]
