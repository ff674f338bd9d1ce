"""Row 15: the Docker Engine hangs, dies and comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.site import Site
from tests.fleet.server import Server
from tests.fleet.waiting import wait_until

from .row import Row
from .waits import wait_candidate

pytestmark = [pytest.mark.rig, pytest.mark.row(15)]

LEAVE_ORPHAN = Path(__file__).with_name("orphan.py").read_text(encoding="utf-8")
# The serving slot to the other one's address.
FREE = {"blue": "172.30.250.11", "green": "172.30.250.10"}


@contextmanager
def without_engine(server: Server, number: str) -> Iterator[None]:
    """Freeze (STOP) or kill (KILL) a server's engine for a block, and wait until it answers."""
    server.run(["sh", "-c", f"kill -{number} $(cat /run/docker.pid)"], check=True)
    try:
        yield
    finally:
        again = "kill -CONT $(cat /run/docker.pid)" if number == "STOP" else "service docker start"
        server.run(["sh", "-c", again])
        asked = ["docker", "version"]
        wait_until(lambda: server.run(asked).returncode == 0, "the engine's answer", deadline=60)


def test_engine_that_hangs_before_the_plan(row: Callable[..., Row], site: Site) -> None:
    server = site.servers[1]
    with row() as it:
        before = {name: one.at_rest for name, one in it.look().items()}
        it.configure(app_engine_timeout=4)
        with without_engine(server, "STOP"):
            began = time.monotonic()
            said = it.deploy(it.new)
            assert time.monotonic() - began < 60
            told = it.run("status")
        assert said.code == 3, said.text
        assert f"{server.name}: cannot" in said.text and "did not answer within 4 s" in said.text
        assert told.code == 5 and server.name in told.text, told.text
        assert {name: one.at_rest for name, one in it.look().items()} == before


@pytest.mark.parametrize("number", ["STOP", "KILL"])
def test_engine_lost_while_the_candidate_starts(
    row: Callable[..., Row], site: Site, number: str
) -> None:
    server = site.servers[1]
    with row(status=None) as it:
        it.configure(app_engine_timeout=4, app_health_deadline=60)
        process = it.start_deploy("3.0.0", "late")
        wait_candidate(it, server)
        with without_engine(server, number):
            said = it.finish(process)
        assert said.code in (3, 4), said.text
        assert f"{server.name}: cannot" in said.text, said.text
        assert {one.served for one in it.look().values()} == {it.old}
        names = [one["name"] for one in it.look()[server.name].containers]
        assert len(names) == len(set(names))


def test_engine_killed_between_a_process_and_its_note(row: Callable[..., Row], site: Site) -> None:
    server = site.servers[1]
    with row() as it:
        serving = it.look([server])[server.name].serving
        address = FREE[serving["slot"]]
        left = server.run(["python3", "-c", LEAVE_ORPHAN, serving["image"], address])
        assert left.returncode == 0, left.stderr
        said = it.deploy(it.new)
        assert said.code == 0, said.text
        told = f"{server.name}: a process at {address} that a crash of the Docker Engine had left"
        assert told in said.text, said.text


def test_engine_that_restarts_under_traffic(row: Callable[..., Row], site: Site) -> None:
    with row():
        for server in site.servers:
            server.run(["service", "docker", "restart"], check=True)
