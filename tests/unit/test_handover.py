"""Old processes end before new ones begin, whoever died in between, and go back the same way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from iadeploy.container import Container
from iadeploy.errors import DeployError
from iadeploy.host import Asked, Host, Settings
from iadeploy.phases import handover as phase
from iadeploy.phases.handover import Handover, hand_back, handover
from iadeploy.spec import Health, Process, Release, Runtime
from iadeploy.store import Store

from tests.unit.builders import ADDRESSES, OLDER_ID, RELEASE_ID, failure_of, release

ASKED = Asked("deploy", "ops")
WORKER = Process("worker", ("work",), count=2)
SCHEDULER = Process("scheduler", ("schedule",), per="fleet")
OLD = release(id=OLDER_ID, runtime=Runtime(processes=(SCHEDULER, WORKER)))
NEW = release(runtime=Runtime(env={"MODE": "new"}, processes=(SCHEDULER, WORKER)))
ALL = ("scheduler-1", "worker-1", "worker-2")


class World:
    """An engine and a proxy in memory. Two schedulers at once are an error, and a process that is
    told to end twice drops its task, as many a worker does."""

    def __init__(self) -> None:
        self.there: dict[str, Container] = {}
        self.crashing: set[str] = set()
        self.stubborn: set[str] = set()
        self._ending: dict[str, int] = {}

    def states(self) -> dict[str, str]:
        """Blue serves."""
        return {"blue": "ready", "green": "maint"}

    def containers(self, app: str) -> list[Container]:
        """All there are, without what only ``inspect`` tells."""
        return [replace(one, kept=False, started_at="") for one in self.there.values()]

    def inspect(self, name: str) -> Container | None:
        """One of them; a process that was told to end does so at the third look."""
        if name in self._ending:
            self._ending[name] -= 1
            if self._ending[name] == 0:
                self.end(name, 0)
        return self.there.get(name)

    def create(self, name: str, request: dict[str, Any]) -> None:
        """Create a container."""
        row = {"Names": [f"/{name}"], "State": "created", "Labels": request["Labels"]}
        self.there[name] = replace(Container.from_list(row), stop_seconds=request["StopTimeout"])

    def start(self, name: str) -> None:
        """Start a container."""
        one = self.there[name]
        twins = [it.name for it in self.there.values() if it.running and it.per == "fleet"]
        assert one.per != "fleet" or not twins, f"{name} beside {twins}"
        begun = f"start {int(one.started_at[6:] or 0) + 1}"
        self.there[name] = replace(one, state="running", started_at=begun, exit_code=0)
        if one.process in self.crashing:
            self.end(name, 3)

    def signal(self, name: str, number: str) -> None:
        """Tell a process to end."""
        if name in self._ending:
            self.end(name, 1)
        elif self.there[name].process not in self.stubborn:
            self._ending[name] = 3

    def stop(self, name: str, grace: int) -> None:
        """Kill a process."""
        self.end(name, 137)

    def keep_running(self, name: str) -> None:
        """Set the restart policy."""
        self.there[name] = replace(self.there[name], kept=True)

    def keep_stopped(self, name: str) -> None:
        """Set the restart policy."""
        self.there[name] = replace(self.there[name], kept=False)

    def remove(self, name: str) -> None:
        """Remove a container."""
        self.there.pop(name, None)

    def logs(self, name: str) -> bytes:
        """Return what a container printed."""
        return b"the queue does not answer\n"

    def end(self, name: str, code: int) -> None:
        """Have a process end."""
        self._ending.pop(name, None)
        self.there[name] = replace(self.there[name], state="exited", exit_code=code)

    def settled(self, one: Release) -> list[str]:
        """Return which processes of a release run and would come back."""
        head = f"{one.container}-"
        return sorted(
            it.name.removeprefix(head)
            for it in self.there.values()
            if it.process and it.name.startswith(head) and it.running and it.kept
        )


@pytest.fixture
def world() -> World:
    """The web process of the new release serves; the old release's processes run."""
    world = World()
    labels = {"iadeploy.slot": "blue", "iadeploy.release": RELEASE_ID}
    row = {"Names": [f"/{NEW.container}"], "State": "running", "Labels": labels}
    world.there[NEW.container] = Container.from_list(row)
    for name in ALL:
        process, _, _ = name.partition("-")
        per = "fleet" if process == "scheduler" else "host"
        full = f"{OLD.container}-{name}"
        world.there[full] = Container(full, "created", OLDER_ID, "", "", "")
        world.there[full] = replace(world.there[full], process=process, per=per)
        world.start(full)
        world.keep_running(full)
    return world


@pytest.fixture
def host(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host in that world, after the switch."""
    monkeypatch.setattr(phase, "_SETTLES", 0.0)
    monkeypatch.setattr(phase, "_INTERVAL", 0.001)
    store = Store(str(tmp_path), "shop")
    for one in (OLD, NEW):
        store.save_secrets(one.id, {})
        store.save(one)
    store.begin("switch", NEW.id, slot="blue", before=OLD.id, before_slot="green")
    settings = Settings("iadeploy", ADDRESSES, stop_seconds=5)
    return Host("shop", store, cast(Any, world), cast(Any, world), settings, Health())


FIRST = Handover(first=True, quiet=True)
STOP = Handover(first=True, only_stop=True)


def test_the_new_processes_run_when_the_old_ones_have_ended_and_once_is_enough(
    host: Host, world: World
) -> None:
    assert handover(host, NEW, FIRST, ASKED)["changed"]
    assert (world.settled(OLD), world.settled(NEW)) == ([], list(ALL))
    assert {one.exit_code for one in world.there.values()} == {0}
    before = dict(world.there)
    assert not handover(host, NEW, FIRST, ASKED)["changed"]
    assert world.there == before


def test_stopping_alone_starts_nothing_and_says_that_it_is_quiet(host: Host, world: World) -> None:
    assert handover(host, NEW, STOP, ASKED)["quiet"] is True
    assert (world.settled(OLD), world.settled(NEW)) == ([], [])
    assert handover(host, NEW, FIRST, ASKED)["quiet"] is False
    assert world.settled(NEW) == list(ALL)


def test_no_scheduler_starts_before_all_servers_are_known_to_be_quiet(
    host: Host, world: World
) -> None:
    error = failure_of(lambda: handover(host, NEW, replace(FIRST, quiet=False), ASKED))
    assert "another server may still run it" in str(error)
    assert world.settled(NEW) == []


@pytest.mark.parametrize("quiet", [True, False])
@pytest.mark.parametrize("stopped_only", [True, False])
def test_going_back_brings_exactly_those_that_ran(
    host: Host, world: World, stopped_only: bool, quiet: bool
) -> None:
    world.end(f"{OLD.container}-worker-2", 1)  # had died before
    handover(host, NEW, STOP if stopped_only else FIRST, ASKED)
    hand_back(host, host.observe(), STOP)
    assert world.settled(NEW) == []
    # The new scheduler could have run nowhere but here, so a lost server keeps nobody waiting.
    hand_back(host, host.observe(), replace(FIRST, quiet=quiet))
    assert (world.settled(OLD), world.settled(NEW)) == (["scheduler-1", "worker-1"], [])


def test_a_scheduler_that_ran_here_waits_for_a_server_that_may_run_the_new_one(
    host: Host, world: World
) -> None:
    elsewhere = Handover(first=False)
    handover(host, NEW, replace(elsewhere, only_stop=True), ASKED)
    error = failure_of(lambda: hand_back(host, host.observe(), elsewhere))
    assert "another server may still run it" in str(error)
    assert world.settled(OLD) == []
    hand_back(host, host.observe(), replace(elsewhere, quiet=True))
    assert world.settled(OLD) == list(ALL)


def test_one_that_crashes_at_its_start_is_told_with_its_last_words(
    host: Host, world: World
) -> None:
    world.crashing.add("worker")
    error = failure_of(lambda: handover(host, NEW, FIRST, ASKED))
    assert "process worker does not stay" in str(error)
    assert "exited with code 3" in str(error)
    assert error.evidence["log"] == ["the queue does not answer"]
    assert host.store.journal()["step"] == "handover"
    world.crashing.clear()
    hand_back(host, host.observe(), FIRST)
    assert world.settled(OLD) == list(ALL)


@pytest.mark.parametrize("release_id", [NEW.id, "20260302-080000-cafe42"])
def test_a_process_that_was_told_to_end_is_not_told_twice(
    host: Host, world: World, monkeypatch: pytest.MonkeyPatch, release_id: str
) -> None:
    def gone() -> None:
        raise DeployError("the controller has gone")

    with monkeypatch.context() as patch:
        patch.setattr(phase, "check_tether", gone)
        failure_of(lambda: handover(host, NEW, FIRST, ASKED))
    assert len([one for one in world.there.values() if one.running]) == 4
    host.store.begin("prepare", release_id)
    host.store.begin("switch", NEW.id, before=OLD.id)
    handover(host, NEW, FIRST, ASKED)
    assert {one.exit_code for one in world.there.values()} == {0}
    assert world.settled(NEW) == list(ALL)


def test_a_process_that_runs_again_is_told_anew(host: Host, world: World) -> None:
    handover(host, NEW, FIRST, ASKED)
    hand_back(host, host.observe(), FIRST)
    handover(host, NEW, FIRST, ASKED)
    assert (world.settled(OLD), world.settled(NEW)) == ([], list(ALL))
    assert {one.exit_code for one in world.there.values()} == {0}


def test_one_that_does_not_end_is_killed_after_its_grace_and_named(
    host: Host, world: World
) -> None:
    world.stubborn.add("worker")
    host.settings = replace(host.settings, stop_seconds=0)
    told = handover(host, NEW, FIRST, ASKED)
    assert f"{OLD.container}-worker-1" in told["remark"] and "was killed" in told["remark"]
    assert world.settled(NEW) == list(ALL)


def test_processes_wait_for_their_own_web_process(host: Host, world: World) -> None:
    world.end(NEW.container, 1)
    error = failure_of(lambda: handover(host, NEW, FIRST, ASKED))
    assert "does not serve on this server" in str(error)
    assert world.settled(OLD) == list(ALL)


def test_a_killed_start_is_begun_anew(
    host: Host, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(phase, "_settle", killed)
        with pytest.raises(KeyboardInterrupt):
            handover(host, NEW, FIRST, ASKED)
    assert world.settled(NEW) == []
    handover(host, NEW, FIRST, ASKED)
    assert world.settled(NEW) == list(ALL)
