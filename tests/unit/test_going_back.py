"""Going back on one server, whatever an earlier run has left there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from iadeploy.health import Watch
from iadeploy.host import Host
from iadeploy.inspection import find_problems
from iadeploy.phases import prepare as preparing
from iadeploy.phases.abort import abort
from iadeploy.phases.commit import commit
from iadeploy.phases.handover import Handover
from iadeploy.phases.plan import _is_same, plan_rollback
from iadeploy.phases.prepare import prepare
from iadeploy.phases.switch import switch
from iadeploy.spec import Release

from tests.unit.builders import failure_of, release
from tests.unit.world import ASKED, NEW, OLD, World, host_on, new_one, old_one


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def host(tmp_path: Path, world: World) -> Host:
    return host_on(world, tmp_path)


def test_a_rollback_to_what_still_runs_replaces_the_release_that_serves(
    host: Host, world: World
) -> None:
    """A deploy was killed in the bake; what its journal says was before is not what is before."""
    world.put(old_one(), new_one())
    host.store.save(NEW)
    host.store.begin("switch", NEW.id, slot="green", before=OLD.id, before_slot="blue")
    world.serve("green")
    switch(host, OLD, ASKED)
    assert world.slots["blue"] == "ready"
    assert host.store.journal()["before"] == NEW.id
    assert abort(host, OLD.id, ASKED, "another server failed", Handover())["flipped"]
    assert world.slots == {"blue": "maint", "green": "ready"}


def test_what_serves_on_and_was_never_committed_is_not_yet_the_live_one(
    host: Host, world: World
) -> None:
    """A deploy was killed in the bake, and a rollback after it failed."""
    host.store.record("deploy", "live", OLD)
    host.store.save(NEW)
    world.put(replace(old_one(), state="exited"), new_one(config_hash=NEW.runtime.config_hash))
    world.serve("green", "maint")
    assert plan_rollback(host, "previous")["target"]["id"] == OLD.id
    assert not _is_same(host, host.observe(), NEW, {})
    host.store.save(replace(NEW, committed_at="2026-03-02T09:00:00Z"))
    assert _is_same(host, host.observe(), NEW, {})
    assert failure_of(lambda: plan_rollback(host, "previous")).cause == "unavailable"


@pytest.mark.parametrize("state", ["restarting", "exited"])
def test_an_old_release_that_did_not_run_gets_its_requests_back(
    host: Host, world: World, state: str
) -> None:
    world.put(old_one(state=state), new_one())
    host.store.save(NEW)
    host.store.begin("prepare", NEW.id, slot="green", before="", before_slot="blue")
    switch(host, NEW, ASKED)
    abort(host, NEW.id, ASKED, "bake failed", Handover())
    assert world.slots == {"blue": "ready", "green": "maint"}


def test_where_nothing_was_before_the_proxy_points_nowhere(host: Host, world: World) -> None:
    world.slots = {"blue": "maint", "green": "maint"}
    world.put(new_one())
    host.store.save(NEW)
    host.store.begin("prepare", NEW.id, slot="green", before="", before_slot="")
    switch(host, NEW, ASKED)
    abort(host, NEW.id, ASKED, "bake failed", Handover())
    assert (world.slots, world.there) == ({"blue": "maint", "green": "maint"}, {})


def test_a_container_that_nobody_routes_to_is_a_problem(host: Host, world: World) -> None:
    world.put(old_one())
    world.park()
    told = find_problems(host.observe(), recorded=True, interrupted=None)
    assert told == [f"container {OLD.container} runs, but the proxy sends it nothing"]


def test_a_warm_release_that_crashed_long_ago_is_started_afresh(
    host: Host, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine counts its restarts until the next start; a watch takes them for new ones."""
    seen: list[int] = []

    def watched(_: Host, slot: str, wanted: Release) -> Watch:
        seen.append(world.there[wanted.container].restarts)
        return Watch(slot)

    def start(name: str) -> None:
        world.there[name] = replace(world.there[name], state="running", restarts=0)

    monkeypatch.setattr(preparing, "fetch_release", lambda host, wanted, secrets: wanted)
    monkeypatch.setattr(preparing, "_become_healthy", watched)
    monkeypatch.setattr(world, "start", start)
    monkeypatch.setattr(Host, "clear", lambda *_: [])
    world.put(old_one(restarts=1), new_one())
    host.store.save(NEW)
    world.serve("green")
    assert prepare(host, OLD, None, ASKED)["changed"]
    assert seen == [0]


@pytest.mark.parametrize(
    ("keep", "left"),
    [(1, {"r1", "r4"}), (2, {"r1", "r4"}), (3, {"r1", "r3", "r4"}), (5, {"r1", "r2", "r3", "r4"})],
)
def test_the_release_that_a_rollback_came_from_is_kept(
    host: Host, world: World, keep: int, left: set[str]
) -> None:
    host.settings = replace(host.settings, keep=keep)
    host.store.forget(OLD.id)
    kept: dict[str, Release] = {}
    for number in range(1, 5):
        kept[f"r{number}"] = release(
            id=f"2026030{number}-101500-000{number}",
            committed_at=f"2026-03-0{number}T10:15:00Z",
            previous="20260101-000000-dead" if number == 1 else f"2026030{number - 1}-101500",
        )
        host.store.save(kept[f"r{number}"])
    serving, came_from = kept["r1"], kept["r4"]
    world.put(
        replace(old_one(), name=serving.container, release=serving.id),
        replace(new_one(), name=came_from.container, release=came_from.id),
    )
    host.store.begin("switch", serving.id, slot="blue", before=came_from.id, before_slot="green")
    commit(host, serving, ASKED)
    assert {one.id for one in host.store.releases()} == {kept[name].id for name in left}
