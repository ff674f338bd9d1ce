"""Rows 1, 2 and 8 on a fleet of one server, which goes through several phases in one call.

Nobody but the server knows how far such a call has come.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.operator import Said
from tests.e2e.site import Site
from tests.fleet.family import kill_all
from tests.fleet.server import Server
from tests.fleet.waiting import wait_until

from .breakpoint import PYTHON, Breakpoint, journal_step
from .row import Row
from .sshd import RESTART_SSHD, shell
from .waits import wait_idle

pytestmark = pytest.mark.rig

Standing = tuple[Breakpoint, subprocess.Popen[str]]


@contextmanager
def standing(it: Row, only: Server, step: str) -> Iterator[Standing]:
    """Deploy to one server, until its one call stands after a step of the journal."""
    at = journal_step(only, step, "after")
    it.leave_only(only.name)
    it.configure(ansible_python_interpreter=PYTHON)
    at.set()
    process = it.start_deploy(it.new)
    try:
        at.wait(process)
        yield at, process
    finally:
        at.clear()
        if process.poll() is None:
            kill_all(process)
        it.restore()
        wait_idle(it)


def finish(it: Row, only: Server, at: Breakpoint, process: subprocess.Popen[str]) -> Said:
    """Let the call go on when the way back waits for it, and read what came of both."""
    wait_until(lambda: calls(only) == 2, "the way back", deadline=60)
    at.go_on()
    return it.finish(process)


def calls(server: Server) -> int:
    """Return how many calls of the module are at work on a server."""
    return int(server.run(["pgrep", "-c", "-f", "app_release"]).stdout)


def judge(it: Row, only: Server, *, live: bool) -> None:
    """The server serves what it is to, and nothing else is left on it."""
    truth = it.look([only])[only.name]
    assert truth.served == (it.new if live else it.old)
    assert (len(truth.running), truth.journal, truth.lease["held"]) == (1, "", False)


@pytest.mark.row(2)
@pytest.mark.parametrize("step", ["prepare", "switch", "end"])
def test_cancelled_on_the_only_server(row: Callable[..., Row], site: Site, step: str) -> None:
    only = site.servers[0]
    with row(status=None) as it:
        with standing(it, only, step) as (at, process):
            os.kill(process.pid, signal.SIGINT)
            said = finish(it, only, at, process)
        live = step == "end"
        assert said.code == (0 if live else 7), said.text
        told = "Too late to cancel" if live else "serves what it served before"
        assert told in said.text, said.text
        judge(it, only, live=live)


@pytest.mark.row(8)
@pytest.mark.parametrize("step", ["prepare", "switch", "end"])
def test_only_server_s_connection_is_cut(row: Callable[..., Row], site: Site, step: str) -> None:
    only = site.servers[0]
    with row(status=None) as it:
        with standing(it, only, step) as (at, process):
            shell(only, RESTART_SSHD)
            said = finish(it, only, at, process)
        live = step == "end"
        assert said.code == (0 if live else 4), said.text
        told = "live already" if live else f"every server serves {it.old} as before"
        assert told in said.text, said.text
        assert "the SSH connection to it broke off" in said.text, said.text
        judge(it, only, live=live)


@pytest.mark.row(1)
@pytest.mark.parametrize("step", ["prepare", "switch", "end"])
def test_killed_on_the_only_server(row: Callable[..., Row], site: Site, step: str) -> None:
    only = site.servers[0]
    with row(status=None) as it:
        with standing(it, only, step) as (at, process):
            kill_all(process)
            at.kill()
        told = it.run("status")
        begun = bool(it.look([only])[only.name].journal)
        assert begun == (step != "end")
        assert (only.name in told.text) == begun, told.text
