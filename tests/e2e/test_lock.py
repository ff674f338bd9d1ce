"""Two runs on one application: one of them changes it, and the other is told who."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from .operator import Said
from .site import Site
from .test_recovery import candidate_runs, playbook, remote_work, wait_until

pytestmark = pytest.mark.rig

ROUNDS = 3
SLOW = ("4.0.0", "silent")  # never healthy, so that its deploy lasts


def at_once(site: Site) -> list[Said]:
    """Deploy two versions from two terminals at the same moment."""
    versions = [site.images("2.0.0"), site.images("3.0.0")]
    running = [site.operator.start("deploy", "--image", image) for image in versions]
    return [site.operator.finish(process) for process in running]


def test_of_two_deploys_at_once_one_wins_and_the_other_is_told_by_whom(site: Site) -> None:
    winners: set[str] = set()
    with site.traffic() as traffic:
        for _ in range(ROUNDS):
            said = at_once(site)
            assert sorted(one.code for one in said) == [0, 6], [one.text for one in said]
            loser = next(one for one in said if one.code == 6)
            assert "is locked by" in loser.text and "since 20" in loser.text, loser.text
            winner, *others = set(site.served().values())
            assert not others
            winners.add(winner)
            site.deploy("1.0.0")
    traffic.assert_unharmed({"1.0.0", *winners})


def test_a_lock_tells_its_run_and_unlock_spares_a_living_one(site: Site) -> None:
    site.configure(app_health_deadline=60)
    before = site.snapshot()
    process = site.operator.start("deploy", "--image", site.images(*SLOW))
    wait_until(lambda: candidate_runs(site), "the candidate")
    told = site.operator.run("status")
    assert told.code == 0 and "is being changed by" in told.text, told.text
    assert site.operator.run("unlock").code == 6
    refused = site.operator.run("rollback")
    assert refused.code == 6, refused.text
    os.kill(process.pid, signal.SIGINT)
    assert site.operator.finish(process).code == 7
    assert site.operator.run("unlock").text.startswith("Nothing is locked.")
    assert site.snapshot() == before


def test_a_killed_run_is_taken_over_from_at_once_by_the_same_user(site: Site) -> None:
    killed(site)
    said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 0, said.text
    assert "which had died" in said.text


def test_a_killed_run_is_taken_over_from_elsewhere_when_its_lease_has_run_out(site: Site) -> None:
    site.configure(app_lease_seconds=10)  # longer than it takes to see that nothing works any more
    killed(site)
    image = f"release_image={site.images('2.0.0')}"
    early = playbook(site, "deploy", image)
    assert early.returncode != 0 and "is locked by" in " ".join(early.stdout.split()), early.stdout
    wait_until(lambda: playbook(site, "deploy", image).returncode == 0, "the end of the lease")
    assert set(site.served().values()) == {"2.0.0"}


def killed(site: Site) -> None:
    """Kill a deploy while its candidate starts, and wait until nothing works for it any more."""
    process = site.operator.start("deploy", "--image", site.images(*SLOW))
    wait_until(lambda: candidate_runs(site), "the candidate")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    wait_until(lambda: not remote_work(site), "the end of the orphaned remote command")


def test_a_run_that_slept_through_its_lease_changes_nothing(site: Site) -> None:
    site.configure(app_lease_seconds=2)
    with site.traffic() as traffic:
        zombie = site.operator.start("deploy", "--image", site.images("5.0.0", "slow"))
        wait_until(lambda: candidate_runs(site), "the candidate")
        stop(zombie, signal.SIGSTOP)
        wait_until(lambda: not remote_work(site), "the end of its phase")
        image = f"release_image={site.images('2.0.0')}"
        wait_until(lambda: playbook(site, "deploy", image).returncode == 0, "the takeover")
        stop(zombie, signal.SIGCONT)
        woken = site.operator.finish(zombie)
    assert woken.code == 6, woken.text
    assert "lost its lock" in woken.text
    assert set(site.served().values()) == {"2.0.0"}
    traffic.assert_unharmed({"1.0.0", "2.0.0"})
    assert site.operator.run("status").code == 0


def stop(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Freeze or thaw a command with all its processes; Ansible's are a session of their own."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, check=True)
    parents = {
        int(pid): int(parent) for pid, parent in map(str.split, listed.stdout.decode().splitlines())
    }
    family = {process.pid}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    for pid in family:
        os.kill(pid, number)
