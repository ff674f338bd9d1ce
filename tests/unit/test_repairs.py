"""What a phase makes of what another one, or a crash, has left on its server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from iadeploy.container import Container
from iadeploy.errors import DeployError
from iadeploy.host import Asked, Host, Settings
from iadeploy.phases.abort import abort
from iadeploy.phases.handover import Handover
from iadeploy.phases.plan import plan_rollback
from iadeploy.spec import Health
from iadeploy.store import Store
from iadeploy.task_container import Task, run_task

from tests.unit.builders import (
    ADDRESSES,
    OLDER_ID,
    SECRET,
    container,
    failure_of,
    release,
)

ASKED = Asked("deploy", "ops")
OLD, NEW = release(id=OLDER_ID, committed_at="2026-02-28T09:00:00Z"), release()


class World:
    """An engine and a proxy in memory."""

    def __init__(self) -> None:
        self.there: dict[str, Container] = {}
        self.slots = {"blue": "ready", "green": "maint"}
        self.stuck: set[str] = set()

    def put(self, *containers: Container) -> None:
        """Have these containers."""
        self.there |= {one.name: one for one in containers}

    def states(self) -> dict[str, str]:
        """Each slot's state."""
        return dict(self.slots)

    def serve(self, slot: str, beside: str) -> None:
        """Send new requests to a slot."""
        self.slots = {one: "ready" if one == slot else beside for one in self.slots}

    def sessions(self, slot: str) -> int:
        """Nobody waits for an answer."""
        return 0

    def containers(self, app: str) -> list[Container]:
        """All there are."""
        return list(self.there.values())

    def inspect(self, name: str) -> Container | None:
        """One of them."""
        return self.there.get(name)

    def create(self, name: str, request: dict[str, Any]) -> None:
        """Create a container."""
        self.there[name] = Container(name, "created", "", "", "", "")

    def start(self, name: str) -> None:
        """Start a container, which does what it is for and ends."""
        self.there[name] = replace(self.there[name], state="exited", exit_code=0)

    def stop(self, name: str, grace: int) -> None:
        """End a container."""
        self.there[name] = replace(self.there[name], state="exited", exit_code=143)

    def remove(self, name: str) -> None:
        """Remove a container, where the engine can."""
        if name in self.stuck:
            raise DeployError(f"cannot remove {name}: device or resource busy")
        self.there.pop(name, None)

    def remove_image(self, name: str) -> None:
        """Remove an image."""

    def has_image(self, name: str) -> bool:
        """Every image is there."""
        return True

    def has_network(self, name: str) -> bool:
        """Every network is there."""
        return True

    def logs(self, name: str, lines: int = 0) -> bytes:
        """Return what a container printed."""
        return b"done\n"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def host(tmp_path: Path, world: World) -> Host:
    settings = Settings("iadeploy", ADDRESSES, stop_seconds=5)
    store = Store(str(tmp_path), "shop")
    store.save(OLD)
    return Host("shop", store, cast(Any, world), cast(Any, world), settings, Health())


def old_one(**changes: Any) -> Container:
    """The old release's container, in blue."""
    return replace(container("blue"), name=OLD.container, release=OLDER_ID, **changes)


def new_one(**changes: Any) -> Container:
    """The new release's container, in green."""
    return replace(container("green"), **changes)


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
