"""Rows 4 and 5: two runs on one application, and owners of the lock that die or sleep."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.e2e.operator import Said
from tests.e2e.site import Site
from tests.fleet.family import kill_all, signal_all
from tests.fleet.waiting import wait_until

from .row import NEW, OLD, Row
from .waits import wait_candidate, wait_idle

pytestmark = pytest.mark.rig

ROUNDS = int(os.environ.get("FAULTS_ROUNDS", "20"))
VERSIONS = (OLD, NEW, "6.0.0")
URL = "https://ci.example/runs/7"
SLOW = ("4.0.0", "silent")  # never healthy, so that its deploy lasts


@pytest.mark.row(4)
@pytest.mark.timeout(1800)
def test_of_two_deploys_at_once_exactly_one_wins(
    row: Callable[..., Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IADEPLOY_RUN_URL", URL)
    with row(allowed={"6.0.0"}) as it:
        served = it.old
        for version in VERSIONS:
            it.site.images(version)
        for number in range(ROUNDS):
            others = [one for one in VERSIONS if one != served]
            winner, loser = fight(it, others)
            assert (winner.code, loser.code) == (0, 6), [winner.text, loser.text]
            assert f"{URL}; last sign of life" in loser.text, loser.text
            assert "is locked by" in loser.text and "since 20" in loser.text, loser.text
            now = {one.served for one in it.look().values()}
            assert len(now) == 1 and now < set(others), f"round {number}: {now}"
            served = now.pop()
        it.note = f"{ROUNDS} rounds"
        if served not in (OLD, NEW):
            assert it.deploy(it.new).code == 0


def fight(it: Row, versions: list[str]) -> tuple[Said, Said]:
    """Deploy two versions at the same moment; return the better and the worse end."""
    running = [it.start_deploy(version) for version in versions]
    said = [it.finish(process) for process in running]
    first, second = sorted(said, key=lambda one: one.code)
    return first, second


@pytest.mark.row(4)
def test_a_lock_tells_its_run_and_unlock_spares_a_living_one(row: Callable[..., Row]) -> None:
    with row() as it:
        it.configure(app_health_deadline=60)
        process = it.start_deploy(*SLOW)
        wait_candidate(it)
        told = it.run("status")
        assert told.code == 0 and "is being changed by" in told.text, told.text
        assert it.run("unlock").code == 6
        refused = it.run("rollback")
        assert refused.code == 6, refused.text
        os.kill(process.pid, signal.SIGINT)
        assert it.finish(process).code == 7
        assert it.run("unlock").text.startswith("Nothing is locked.")
        told = it.run("history", "--action", "rollback", "--outcome", "refused")
        assert "is locked by" in told.report["data"]["history"][0]["reason"], told.text


@pytest.mark.row(4)
def test_a_forced_unlock_bars_a_living_run(row: Callable[..., Row]) -> None:
    with row(status=None) as it:
        it.configure(app_health_deadline=60)
        process = it.start_deploy(*SLOW)
        wait_candidate(it)
        forced = it.run("unlock", "--force")
        assert forced.code == 0 and "can change nothing any more" in forced.text, forced.text
        barred = it.finish(process)
        assert barred.code == 6 and "lost its lock" in barred.text, barred.text
        told = it.run("history", "--action", "unlock").report["data"]["history"]
        assert [len(one["hosts"]) for one in told[:1]] == [len(it.site.servers)], told
        assert {one.served for one in it.look().values()} == {it.old}


@pytest.mark.row(4)
def test_a_run_for_a_part_of_the_servers_is_not_stopped_half_way(
    row: Callable[..., Row], site: Site
) -> None:
    _, *part = sorted(server.name for server in site.servers)
    with row() as it:
        it.leave_only(*part)
        it.configure(app_health_deadline=60)
        process = it.start_deploy(*SLOW)
        wait_candidate(it)
        it.restore()
        refused = it.deploy(it.new)
        assert refused.code == 6, refused.text
        assert "is locked by" in refused.text and f"{part[0]}: " in refused.text, refused.text
        told = it.run("history", "--outcome", "refused").report["data"]["history"][:1]
        assert [part[0] in one["reason"] for one in told] == [True], told
        it.leave_only(*part)
        os.kill(process.pid, signal.SIGINT)
        assert it.finish(process).code == 7
        it.restore()


@pytest.mark.row(4)
def test_a_server_that_waits_for_the_canary_is_not_taken_over(
    row: Callable[..., Row], site: Site
) -> None:
    canary, *part = sorted(server.name for server in site.servers)
    with row() as it:
        it.configure(app_lease_seconds=8, app_canary=1, app_canary_bake_seconds=300)
        process = it.start_deploy(it.new)
        wait_until(lambda: it.look()[canary].served == it.new, "the canary's switch", deadline=90)
        since = it.look()[part[0]].lease["seen"]
        wait_until(lambda: it.look()[part[0]].lease["seen"] > since, "its lease's renewal")
        it.leave_only(*part)
        refused = playbook(it, it.new)
        it.restore()
        assert refused.returncode != 0 and "is locked by" in refused.stdout, refused.stdout
        os.kill(process.pid, signal.SIGINT)
        assert it.finish(process).code == 7


@pytest.mark.row(5)
def test_dead_owner_is_taken_over_from_when_its_lease_has_run_out(row: Callable[..., Row]) -> None:
    with row() as it:
        it.configure(app_lease_seconds=60)
        process = it.start_deploy(*SLOW)
        wait_candidate(it)
        kill_all(process)
        wait_idle(it)
        early = playbook(it, it.new)
        assert early.returncode != 0, early.stdout
        assert "is locked by" in " ".join(early.stdout.split()), early.stdout
        wait_until(
            lambda: playbook(it, it.new).returncode == 0, "the end of the lease", deadline=240
        )
        assert {one.served for one in it.look().values()} == {it.new}


@pytest.mark.row(5)
def test_owner_that_slept_through_its_lease_changes_nothing(row: Callable[..., Row]) -> None:
    with row() as it:
        it.configure(app_lease_seconds=2, app_health_deadline=60)
        zombie = it.start_deploy("5.0.0", "late")
        wait_candidate(it)
        signal_all(zombie, signal.SIGSTOP)
        wait_idle(it)
        wait_until(lambda: playbook(it, it.new).returncode == 0, "the takeover", deadline=90)
        signal_all(zombie, signal.SIGCONT)
        woken = it.finish(zombie)
        assert woken.code == 6, woken.text
        assert "lost its lock" in woken.text
        assert {one.served for one in it.look().values()} == {it.new}


def playbook(it: Row, version: str) -> subprocess.CompletedProcess[str]:
    """Deploy as from another machine, which cannot know that the owner's processes are gone."""
    done = it.site.operator.playbook("deploy", f"release_image={it.site.images(version)}")
    it.hear(done.stdout, done.stderr)
    return done
