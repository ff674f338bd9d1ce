"""What a phase makes of what another one, or a crash, has left on its server."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from iadeploy.errors import DeployError
from iadeploy.host import Host
from iadeploy.phases import drain, plan
from iadeploy.phases.abort import abort
from iadeploy.phases.commit import commit
from iadeploy.phases.handover import Handover
from iadeploy.phases.plan import plan_rollback
from iadeploy.spec import Health
from iadeploy.task_container import Task, run_task

from tests.unit.builders import OLDER_ID, SECRET, failure_of
from tests.unit.world import ASKED, NEW, OLD, World, host_on, new_one, old_one


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def host(tmp_path: Path, world: World) -> Host:
    return host_on(world, tmp_path)


def test_a_release_that_serves_and_was_never_committed_here_has_one_before_it(
    host: Host, world: World
) -> None:
    host.store.save(NEW)
    host.store.begin("switch", NEW.id, slot="green", before=OLDER_ID, before_slot="blue")
    world.put(old_one(state="exited"), new_one())
    world.serve("green", "maint")
    assert plan_rollback(host, "previous")["target"]["id"] == OLDER_ID
    host.store.end()
    assert failure_of(lambda: plan_rollback(host, "previous")).cause == "unavailable"


def test_a_candidate_that_takes_a_share_and_restarts_is_taken_out_of_the_proxy(
    host: Host, world: World
) -> None:
    host.store.save(NEW)
    host.store.begin("switch", NEW.id, slot="green", before=OLDER_ID, before_slot="blue")
    world.put(old_one(), new_one(state="restarting"))
    world.slots = {"blue": "ready", "green": "ready"}
    assert abort(host, NEW.id, ASKED, "another server failed", Handover())["flipped"]
    assert (world.slots, list(world.there)) == (
        {"blue": "ready", "green": "maint"},
        [OLD.container],
    )


def switched(host: Host, world: World) -> None:
    """Have the new release serve, and the old one beside it."""
    world.put(old_one(), new_one())
    host.store.save(NEW)
    host.store.intend("deploy", NEW, "ops")
    host.store.begin("switch", NEW.id, slot="green", before=OLD.id, before_slot="blue")
    world.serve("green", beside="drain")


@pytest.mark.parametrize(
    ("hurried", "busy", "left"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_a_cancel_leaves_requests_in_flight_to_the_next_deploy(
    host: Host, world: World, hurried: bool, busy: bool, left: bool
) -> None:
    switched(host, world)
    world.busy = {"green"} if busy else set()
    host.settings = replace(host.settings, hurried=hurried, drain_seconds=0)
    abort(host, NEW.id, ASKED, "cancelled", Handover())
    assert (NEW.container in world.there) is left
    assert world.slots["blue"] == "ready" and host.store.journal() == {}
    assert [one["outcome"] for one in host.store.history()] == ["cancelled"]


@pytest.mark.parametrize(("hurried", "state"), [(True, "running"), (False, "exited")])
def test_a_cancel_that_came_too_late_does_not_wait_for_the_old_release(
    host: Host, world: World, hurried: bool, state: str
) -> None:
    switched(host, world)
    world.busy = {"blue"}
    host.settings = replace(host.settings, hurried=hurried, drain_seconds=0)
    commit(host, NEW, ASKED)
    assert world.there[OLD.container].state == state
    assert [one["outcome"] for one in host.store.history()] == ["live"]


def test_what_failed_by_itself_was_not_cancelled(host: Host, world: World) -> None:
    switched(host, world)
    abort(host, NEW.id, ASKED, "bake failed", Handover())
    assert [one["outcome"] for one in host.store.history()] == ["failed"]


def test_nobody_waits_for_requests_once_the_controller_has_gone(
    host: Host, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise DeployError("the controller has gone", cause="cancelled")

    monkeypatch.setattr(drain, "check_tether", gone)
    switched(host, world)
    world.busy = {"blue"}
    assert failure_of(lambda: commit(host, NEW, ASKED)).cause == "cancelled"
    assert host.store.journal() == {}, "it is live all the same"


def test_a_release_is_asked_for_its_health_as_it_was_deployed(host: Host) -> None:
    recorded = replace(OLD, health={"path": "/old", "statuses": [204], "host": "old.example"})
    host.health = Health(path="/new", statuses=(200,), deadline=7.0)
    assert host.url("blue", recorded).endswith(":8000/old")
    asked = host.health_of(recorded)
    assert (asked.path, asked.statuses, asked.host) == ("/old", (204,), "old.example")
    assert (asked.deadline, asked.version) == (7.0, recorded.version)
    assert host.url("blue", OLD).endswith("/new"), "its record is older than that"


def test_secrets_of_a_release_that_got_no_record_do_not_stay(host: Host) -> None:
    for finish in (
        lambda: abort(host, NEW.id, ASKED, "no room", Handover()),
        host.store.forget_unkept,
    ):
        host.store.save_secrets(NEW.id, {"DATABASE_URL": SECRET})
        host.store.begin("prepare", NEW.id, slot="green", before=OLDER_ID)
        finish()
        assert not host.store.release_folder(NEW.id).exists()
    assert host.store.load(OLDER_ID) is not None


def test_how_a_task_ended_counts_also_where_its_container_cannot_be_removed(
    host: Host, world: World
) -> None:
    task = Task("shop-migrate", ("migrate",))
    world.stuck.add(task.name)
    ended = run_task(host, NEW, task, {})
    assert (ended.exit_code, ended.output) == (0, b"done\n")
    world.stuck.clear()
    run_task(host, NEW, task, {})  # the next one finds it, and removes it first
    assert not world.there


def test_a_task_that_does_not_end_is_ended_and_told_with_its_last_words(
    host: Host, world: World
) -> None:
    task = Task("shop-migrate", ("migrate",), timeout=0.2)
    world.endless.add(task.name)
    told = failure_of(lambda: run_task(host, NEW, task, {}))
    assert told.cause == "timeout" and "0.2 s" in told.what
    assert told.evidence["output"] == b"done\n"
    assert not world.there


@pytest.mark.parametrize(("files", "left", "refused"), [(100, 9, True), (0, 0, False)])
def test_a_full_table_of_files_is_seen_before_anything_is_touched(
    host: Host, monkeypatch: pytest.MonkeyPatch, files: int, left: int, refused: bool
) -> None:
    host.settings = replace(host.settings, min_free_bytes=0)
    disk = SimpleNamespace(f_bavail=9, f_frsize=4096, f_files=files, f_favail=left)
    monkeypatch.setattr(os, "statvfs", lambda _: disk)
    if not refused:
        plan._check_space(host)
        return
    told = failure_of(lambda: plan._check_space(host))
    assert told.cause == "refused" and f"room for {left} more files" in told.what
