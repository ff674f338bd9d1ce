"""Runs on one server, one after the other, that go through, fail or are killed anywhere.

Whatever the order: what served goes on serving, a failed run leaves it as it was, and the next run
that goes through leaves nothing of the others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from iadeploy.container import LABEL_RELEASE, LABEL_SLOT, Container
from iadeploy.engine import ImageFacts
from iadeploy.errors import DeployError
from iadeploy.health import Watch
from iadeploy.host import Host
from iadeploy.phases import prepare as preparing
from iadeploy.phases.abort import abort
from iadeploy.phases.commit import commit
from iadeploy.phases.handover import Handover
from iadeploy.phases.prepare import prepare
from iadeploy.phases.switch import switch
from iadeploy.spec import Release, Runtime

from tests.unit.builders import ADDRESSES, release
from tests.unit.world import ASKED, OLD, World, host_on, old_one

OF_WORLD = ("serve", "isolate", "park", "create", "start", "stop", "remove", "keep_running")
OF_STORE = ("begin", "end", "record", "save", "intend", "forget")


class Killed(BaseException):
    """The phase was killed; nothing of it runs on."""


class Server(World):
    """The world, with containers that go on running, and an end at any change of it."""

    def create(self, name: str, request: dict[str, Any]) -> None:
        """Create a container as its labels say."""
        labels = request["Labels"]
        made = Container(name, "created", labels[LABEL_RELEASE], labels[LABEL_SLOT], "", "")
        self.there[name] = made

    def start(self, name: str) -> None:
        """Start a container; the engine counts its restarts from zero then."""
        self.there[name] = replace(self.there[name], state="running", restarts=0)

    def image_facts(self, name: str) -> ImageFacts:
        """Images say nothing."""
        return ImageFacts("", "", "", "")

    def architecture(self) -> str:
        """Any image fits."""
        return ""

    def user_ids(self, name: str, user: str) -> tuple[int, int]:
        """Files stay whose they are."""
        return -1, -1


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        back: whether it is a rollback, to the oldest kept release that does not serve.
        ends: how, where it does not go through: ``killed``, ``failed`` or ``unhealthy``.
        at: the change at which it is killed, or that fails, if it comes to that. Only the engine
            and the proxy fail here.
        after: behind the change, or before it.
        crashed: what becomes of the serving container before the run: its new state, or nothing.
    """

    back: bool
    ends: str
    at: str
    after: bool
    crashed: str


RUNS = st.lists(
    st.builds(
        Run,
        back=st.booleans(),
        ends=st.sampled_from(["", "killed", "failed", "unhealthy"]),
        at=st.sampled_from(OF_WORLD + OF_STORE),
        after=st.booleans(),
        crashed=st.sampled_from(["", "", "running", "restarting", "exited"]),
    ),
    min_size=1,
    max_size=5,
)


@contextmanager
def ending(host: Host, server: Server, run: Run) -> Iterator[None]:
    """Have the phases of the block end as the run says."""
    where = server if run.at in OF_WORLD else host.store
    change = getattr(where, run.at)
    once = [Killed() if run.ends == "killed" else DeployError("the engine does not answer")]

    def last(*arguments: Any, **options: Any) -> Any:
        if once and not run.after:
            raise once.pop()
        result = change(*arguments, **options)
        if once:
            raise once.pop()
        return result

    with pytest.MonkeyPatch.context() as patch:
        if run.ends == "killed" or run.ends == "failed" and run.at in OF_WORLD:
            patch.setattr(where, run.at, last)
        elif run.ends == "unhealthy":
            patch.setattr(preparing, "_become_healthy", _unwell)
        yield


def _unwell(*_: Any) -> Watch:
    raise DeployError("it does not answer", cause="unhealthy")


def served(host: Host) -> str:
    """Return the release that new requests reach."""
    serving = host.observe().serving
    return serving.release if serving else ""


def wanted_by(run: Run, host: Host, number: int) -> Release | None:
    """Return the release that a run is to bring; None where there is nothing to go back to."""
    if not run.back:
        runtime = Runtime(port=8000 + number, secret_names=())
        return release(id=f"20260301-1015{number:02}-0001", runtime=runtime)
    lived = [one for one in host.store.releases() if one.committed_at and one.id != served(host)]
    return lived[0] if lived else None


def _is_warm(host: Host, wanted: Release) -> bool:
    view = host.observe()
    beside = view.containers.get(view.layout.free)
    if beside is None or not beside.running or beside.restarts:
        return False
    return beside.release == wanted.id


def go(host: Host, server: Server, run: Run, wanted: Release) -> str:
    """Carry a run out; return ``through``, ``brought back``, ``killed`` or ``not tidied up``."""
    committing = False
    try:
        with ending(host, server, run):
            if not (run.back and _is_warm(host, wanted)):
                wanted = host.store.load(wanted.id) or wanted
                prepare(host, wanted, None if run.back else {}, ASKED)
            kept = host.store.load(wanted.id)
            assert kept is not None
            switch(host, kept, ASKED)
            committing = True
            commit(host, kept, ASKED)
        return "through"
    except DeployError:
        if committing:
            return "not tidied up"
        abort(host, wanted.id, ASKED, "failed", Handover())
        return "brought back"
    except Killed:
        return "killed"


@pytest.mark.slow
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(runs=RUNS)
@example(runs=[Run(False, "killed", "record", False, ""), Run(True, "failed", "serve", True, "")])
@example(runs=[Run(False, "failed", "serve", True, "restarting")])
def test_what_served_goes_on_serving(runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "_become_healthy", lambda host, slot, wanted: Watch(slot))
    monkeypatch.setattr(Host, "clear", lambda *_: [])
    monkeypatch.setattr("os.chown", lambda *_: None)
    with tempfile.TemporaryDirectory() as folder:
        server = Server()
        server.put(old_one())
        host = host_on(server, Path(folder))
        for number, run in enumerate(runs):
            _crash(host, server, run)
            before, pointed = served(host), host.observe().layout.serving
            wanted = wanted_by(run, host, number)
            if wanted is None:
                continue
            came = go(host, server, run, wanted)
            if before:
                assert served(host), f"nothing serves behind {came}"
            if came == "brought back" and before:
                assert served(host) == before
            elif came == "brought back":
                assert host.observe().layout.serving == pointed
            elif came == "through":
                assert served(host) == wanted.id
                assert host.store.journal() == {}
                serving = host.observe().layout.serving
                assert server.places[str(serving)] == (ADDRESSES[str(serving)], wanted.runtime.port)
                assert sorted(server.slots.values()) == ["maint", "ready"]
                assert sum(one.running for one in server.there.values()) == 1


def _crash(host: Host, server: Server, run: Run) -> None:
    serving = host.observe().serving
    with suppress(AttributeError):
        if run.crashed and serving is not None:
            restarts = serving.restarts + 1
            changed = replace(serving, state=run.crashed, restarts=restarts)
            server.there[serving.name] = changed


def test_the_old_release_is_there_to_begin_with(tmp_path: Path) -> None:
    server = Server()
    server.put(old_one())
    assert served(host_on(server, tmp_path)) == OLD.id
