"""Row 17: a migration that fails, or that the old release would not survive.

tests/e2e/test_migrations.py has the same with Alembic, PostgreSQL, backups and restores.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.family import family
from tests.fleet.waiting import wait_until

from .breakpoint import PYTHON, journal_step
from .row import Row
from .waits import wait_told

pytestmark = [pytest.mark.rig, pytest.mark.row(17)]


def migrating(script: str, **settings: Any) -> dict[str, Any]:
    """Return settings with a migration command."""
    return {
        "app_migrate_command": ["python3", "-c", script],
        "app_migrate_tool": "other",
        "app_backup": False,
        **settings,
    }


def test_migration_that_fails_ran_once_and_nobody_moved(row: Callable[..., Row]) -> None:
    with row() as it:
        before = it.look()
        it.configure(**migrating("import sys; sys.exit('column is missing')"))
        said = it.deploy(it.new)
        assert said.code == 4, said.text
        assert "the migration ended with exit code 1" in said.text
        assert "column is missing" in said.text
        after = it.look()
        assert {name: one.at_rest for name, one in after.items()} == {
            name: one.at_rest for name, one in before.items()
        }
        for number, (name, one) in enumerate(after.items()):
            new = one.entries[len(before[name].entries) :]
            ran = [entry["kind"] for entry in new if entry.get("action") == "migrate"]
            assert ran == ([] if number else ["intent", "outcome"]), name


def test_destructive_migration_ends_going_back_by_itself(row: Callable[..., Row]) -> None:
    with row(harmed=True, allowed={"3.0.0"}) as it:
        before = {name: one.at_rest for name, one in it.look().items()}
        it.configure(
            **migrating("print('dropped')", app_migrate_destructive=["*"]),
            app_bake_seconds=20,
            app_bake_min_requests=10,
        )
        refused = it.deploy("3.0.0", "errs")
        assert refused.code == 3 and "--allow-destructive" in refused.text, refused.text
        assert {name: one.at_rest for name, one in it.look().items()} == before
        planned = it.deploy("3.0.0", "errs", "--allow-destructive", "--check")
        assert planned.code == 0 and "ends all going back by itself" in planned.text, planned.text
        said = it.deploy("3.0.0", "errs", "--allow-destructive")
        assert said.code == 5, said.text
        assert "stays: its migration was destructive" in said.text, said.text
        assert {one.served for one in it.look().values()} == {"3.0.0"}
        it.restore()
        assert it.deploy(it.new).code == 0  # what the report tells to do: a repaired release


@pytest.mark.parametrize("phase", ["switch", "bake"])
def test_cancel_after_a_destructive_migration_is_too_late(
    row: Callable[..., Row], phase: str
) -> None:
    with row() as it:
        it.configure(
            **migrating("print('dropped')", app_migrate_destructive=["*"]),
            app_bake_seconds=60,
            ansible_python_interpreter=PYTHON,
        )
        servers = it.site.servers
        at = journal_step(servers[1], "switch", "before")
        if phase == "switch":  # two servers have switched, and one has not
            at.set()
        process = it.start("deploy", "--image", it.site.images(it.new), "--allow-destructive")
        try:
            if phase == "switch":
                at.wait(process)
                wait_until(lambda: served(it).count(it.new) == 2, "two switches", deadline=60)
            else:
                wait_told(process, len(servers), "switch ✔")
                wait_until(lambda: baking(it), "the bake on every server", deadline=90)
            under_way = playbooks(process)
            os.kill(process.pid, signal.SIGINT)
            wait_until(lambda: not under_way & family(process.pid), "the playbook's end")
        finally:
            at.clear()
        said = it.finish(process)
        assert said.code == 0, said.text
        assert "Too late to cancel" in said.text, said.text
        assert set(served(it)) == {it.new}


def playbooks(process: subprocess.Popen[str]) -> set[int]:
    """Return the processes of a command that run a playbook."""
    lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in family(process.pid)}
    return {pid for pid, line in lines.items() if b"ci_scripts.runner.child" in line}


def served(it: Row) -> list[str]:
    """Return the versions that users get, one for each server."""
    return [one.served for one in it.look().values()]


def baking(it: Row) -> bool:
    """Tell whether every server is watched at the new version."""
    return all(one.served == it.new and one.working for one in it.look().values())
