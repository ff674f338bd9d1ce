"""Row 1: the toolkit is killed, with everything of it."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.fleet.family import kill_all

from .breakpoint import PYTHON, Breakpoint, journal_step
from .row import Row
from .waits import wait_idle

pytestmark = [pytest.mark.rig, pytest.mark.row(1)]

KILLS = 50
SEED = 20260301
MIGRATING: dict[str, Any] = {
    "app_migrate_command": ["python3", "-c", "print('nothing to do')"],
    "app_migrate_tool": "other",
    "app_backup": False,
}


@contextmanager
def stopped(it: Row, at: Breakpoint, command: str = "deploy", **settings: Any) -> Iterator[None]:
    """Run a command until a phase stands at an instruction; kill everything when the block ends."""
    it.configure(ansible_python_interpreter=PYTHON, **settings)
    at.set()
    try:
        process = it.start_deploy(it.new) if command == "deploy" else it.start(command)
        at.wait(process)
        yield
        kill_all(process)
        at.kill()
    finally:
        at.clear()
    it.restore()
    wait_idle(it)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["fetch", "migrate", "prepare", "switch", "end"])
def test_killed_at_a_step_of_the_journal(row: Callable[..., Row], step: str, when: str) -> None:
    with row(status=None) as it:
        first, second, _ = it.site.servers
        at = journal_step(first if step == "migrate" else second, step, when)
        with stopped(it, at, **MIGRATING if step in ("fetch", "migrate") else {}):
            pass
        begun = {name for name, one in it.look().items() if one.journal}
        assert begun or step == "end", "no server had begun"
        told = it.run("status")
        assert (told.code == 5) == bool(begun), told.text
        assert {name for name in begun if name not in told.text} == set(), told.text


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_processes_change_hands(row: Callable[..., Row], when: str) -> None:
    with row(status=None) as it:
        at = journal_step(it.site.servers[1], "handover", when)
        with stopped(it, at, app_processes={"worker": {"command": ["sleep", "600"]}}):
            pass
        told = it.run("status")
        assert told.code == 5 and it.site.servers[1].name in told.text, told.text


@pytest.mark.parametrize("step", ["prepare", "switch", "end"])
def test_rollback_killed_at_a_step_of_the_journal(row: Callable[..., Row], step: str) -> None:
    with row(status=None) as it:
        assert it.deploy(it.new).code == 0
        at = journal_step(it.site.servers[1], step, "after")
        with stopped(it, at, "rollback"):
            pass
        told = it.run("status")
        assert (told.code == 5) == any(one.journal for one in it.look().values()), told.text


@pytest.mark.timeout(1800)
def test_killed_at_random_moments(row: Callable[..., Row]) -> None:
    moments = random.Random(SEED)
    with row(status=None) as it:
        it.run("status")
        whole = it.deploy(it.new).report["seconds"]
        for number in range(KILLS):
            version = it.old if number % 2 else it.new
            process = it.start_deploy(version)
            time.sleep(moments.uniform(0.3, whole))
            if number % 2:
                kill_all(process)
            else:  # its session only: Ansible notices, and ends by itself
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        it.note = f"after {KILLS} kills"
        # What was orphaned ends; then comes the row's next deploy, unaided.
        wait_idle(it)
