"""Rows 6, 7, 23 and 24: servers that die, freeze, are changed by hand and boot again."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.site import Site
from tests.fleet.waiting import wait_until

from .breakpoint import PYTHON, Breakpoint, journal_step
from .row import Row
from .waits import start_again, wait_idle

pytestmark = pytest.mark.rig

# A frozen server is noticed after 15 s by the product's own settings; this asks more often.
WATCHFUL = {
    "ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=60s"
    " -o ServerAliveInterval=1 -o ServerAliveCountMax=3",
    "ansible_timeout": 5,
}


@pytest.mark.row(6)
def test_canary_dies_after_its_switch(row: Callable[..., Row], site: Site) -> None:
    canary, *others = site.servers
    with row(users=others, status=5) as it:
        it.configure(app_canary=1, app_canary_bake_seconds=60)
        process = it.start_deploy(it.new)
        try:
            wait_served(it, it.new)
            canary.kill()
            said = it.finish(process)
            moved = {one.served for one in it.look(others).values()}
        finally:
            start_again(it, canary)
        assert said.code == 5, said.text
        assert canary.name in said.text and "iactl status" in said.text, said.text
        assert moved == {it.old}

        phases = [one["phase"] for one in said.report["data"]["phases"]]
        assert phases.count("switch") == 1, phases


def wait_served(it: Row, version: str) -> None:
    """Wait until the first server's proxy serves a version."""
    first = it.site.servers[:1]
    wait_until(
        lambda: [one.served for one in it.look(first).values()] == [version],
        f"version {version} on the first server",
        deadline=90,
    )


@pytest.mark.row(7)
@pytest.mark.parametrize("phase", ["pull", "switch"])
def test_server_freezes(row: Callable[..., Row], site: Site, phase: str) -> None:
    first, frozen, last = site.servers
    at = Breakpoint(frozen, "http.client.send", "/images/create")
    if phase == "switch":
        at = journal_step(frozen, "switch", "after")
    with row(users=[first, last], status=None, allowed={"7.0.0"}) as it:
        it.configure(ansible_python_interpreter=PYTHON, **WATCHFUL if phase == "pull" else {})
        at.set()
        process = it.start_deploy("7.0.0" if phase == "pull" else it.new)
        try:
            at.wait(process)
            frozen.pause()
            began = time.monotonic()
            noticed = [
                line for line in lines(process) if f"{frozen.name}: " in line and "✘" in line
            ]
            seconds = time.monotonic() - began
            said = it.finish(process)
        finally:
            frozen.unpause()
            at.go_on()
        assert noticed and seconds < 30, seconds
        assert said.code == (5 if phase == "switch" else 3), said.text
        assert frozen.name in said.text
        wait_idle(it)
        assert {one.served for one in it.look([first, last]).values()} == {it.old}


def lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """Yield a command's progress until it tells of a failure."""
    assert process.stderr is not None
    for line in process.stderr:
        yield line
        if "✘" in line:
            return


@pytest.mark.row(23)
@pytest.mark.parametrize("how", ["removed", "stopped", "older version"])
def test_changed_by_hand(row: Callable[..., Row], site: Site, how: str) -> None:
    first, server, last = site.servers
    with row(users=[first, last], status=None) as it:
        [serving] = it.look([server])[server.name].running
        if how == "older version":
            it.leave_only(server.name)
            assert it.deploy(it.new).code == 0
            it.restore()
        else:
            by_hand = ["rm", "-f"] if how == "removed" else ["stop", "-t", "1"]
            server.run(["docker", *by_hand, serving], check=True)
        told = it.run("status")
        assert told.code == 5, told.text
        drift = "is mixed" if how == "older version" else f"{server.name}: the proxy points at"
        assert drift in told.text, told.text
        if how != "older version":
            assert it.deploy(it.old).code == 0
            assert it.run("status").code == 0
            assert {one.served for one in it.look().values()} == {it.old}


@pytest.mark.row(23)
def test_candidate_is_removed_by_hand_while_it_starts(row: Callable[..., Row], site: Site) -> None:
    server = site.servers[1]
    with row() as it:
        before = {name: one.at_rest for name, one in it.look().items()}
        [serving] = it.look([server])[server.name].running
        process = it.start_deploy("3.0.0", "silent")
        wait_until(
            lambda: len(it.look([server])[server.name].running) == 2, "the candidate", deadline=90
        )
        [candidate] = set(it.look([server])[server.name].running) - {serving}
        server.run(["docker", "rm", "-f", candidate], check=True)
        said = it.finish(process)
        assert said.code == 4, said.text
        assert f"{server.name}: the container " in said.text, said.text
        assert {name: one.at_rest for name, one in it.look().items()} == before


@pytest.mark.row(24)
def test_servers_boot_after_a_deploy(row: Callable[..., Row], site: Site) -> None:
    first, *others = site.servers
    with row(users=others) as it:
        assert it.deploy(it.new).code == 0
        first.restart()
        wait_served(it, it.new)
        truth = it.look([first])[first.name]
        assert truth.served == it.new
        assert truth.entries[-1]["version"] == it.new
