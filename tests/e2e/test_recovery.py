"""Hands on the servers, cancelled commands, killed commands: what the next command makes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest
import yaml

from tests.fleet.server import Server

from .site import Site

pytestmark = pytest.mark.rig
DEADLINE = 60.0  # seconds


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition; fail with its name when it does not come."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.05)


def running(site: Site, server: Server) -> list[str]:
    """Return the names of the application's running containers."""
    return [name for name, row in site.containers(server).items() if " running " in f" {row} "]


def candidate_runs(site: Site) -> bool:
    """Tell whether some server runs a second container."""
    return any(len(running(site, server)) == 2 for server in site.servers)


def kill_serving(site: Site, server: Server, *command: str) -> None:
    """Take the serving container away by hand."""
    server.run(["docker", *command, running(site, server)[0]])


@pytest.mark.parametrize("command", [("kill",), ("rm", "-f"), ("stop", "-t", "1")])
def test_container_taken_away_by_hand_is_told_and_repaired(
    site: Site, command: tuple[str, ...]
) -> None:
    kill_serving(site, site.servers[1], *command)
    told = site.operator.run("status")
    assert told.code == 5, told.text
    assert "web2: the proxy points at slot" in told.text
    assert "web1" not in told.text
    assert site.operator.run("deploy", "--image", site.images("1.0.0")).code == 0
    assert site.operator.run("status").code == 0
    assert set(site.served().values()) == {"1.0.0"}


def test_mixed_fleet_is_told_and_repaired(site: Site) -> None:
    hosts = site.folder / "hosts.yml"
    plain = hosts.read_text(encoding="utf-8")
    hosts.write_text(without(plain, "web2"), encoding="utf-8")
    site.deploy("2.0.0")
    hosts.write_text(plain, encoding="utf-8")
    told = site.operator.run("status")
    assert told.code == 5
    assert "is mixed" in told.text
    site.deploy("2.0.0")
    assert site.served() == {"web1": "2.0.0", "web2": "2.0.0"}
    assert site.operator.run("status").code == 0


def without(hosts: str, server: str) -> str:
    """Return hosts.yml without a server."""
    content = yaml.safe_load(hosts)
    for group in content["all"]["children"].values():
        group["hosts"].pop(server)
    return yaml.safe_dump(content)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_cancelled_deploy_leaves_the_old_release_and_nothing_else(
    site: Site, number: signal.Signals
) -> None:
    site.configure(app_health_deadline=60)
    before = site.snapshot()
    with site.traffic() as traffic:
        process = site.operator.start("deploy", "--image", site.images("3.0.0", "silent"))
        wait_until(lambda: candidate_runs(site), "the candidate")
        started = time.monotonic()
        os.kill(process.pid, number)
        said = site.operator.finish(process)
        seconds = time.monotonic() - started
    assert said.code == 7, said.text
    assert seconds < 15
    traffic.assert_unharmed({"1.0.0"})
    assert site.snapshot() == before
    assert site.operator.run("status").code == 0


def test_killed_deploy_is_told_and_the_next_one_succeeds_unaided(site: Site) -> None:
    site.configure(app_health_deadline=20)
    with site.traffic() as traffic:
        process = site.operator.start("deploy", "--image", site.images("3.0.0", "silent"))
        wait_until(lambda: candidate_runs(site), "the candidate")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        told = site.operator.run("status")
        assert told.code == 5
        assert "prepare of release" in told.text
        wait_until(lambda: not remote_work(site), "the end of the orphaned remote command")
        assert site.operator.run("deploy", "--image", site.images("2.0.0")).code == 0
    traffic.assert_unharmed({"1.0.0", "2.0.0"})
    assert site.operator.run("status").code == 0


def remote_work(site: Site) -> bool:
    """Tell whether a module still runs on some server."""
    return any(
        server.run(["pgrep", "-f", "AnsiballZ_app_release|app_release"], check=False).returncode
        == 0
        for server in site.servers
    )


def test_candidate_killed_by_hand_while_it_starts(site: Site) -> None:
    before = site.snapshot()
    process = site.operator.start("deploy", "--image", site.images("3.0.0", "silent"))
    wait_until(lambda: len(running(site, site.servers[0])) == 2, "the candidate")
    serving = set(before["web1"][0])
    candidate = next(name for name in running(site, site.servers[0]) if name not in serving)
    site.servers[0].run(["docker", "rm", "-f", candidate])
    said = site.operator.finish(process)
    assert said.code == 4, said.text
    assert "web1: the container " in said.text, said.text
    assert site.snapshot() == before


def test_playbooks_alone_are_as_safe(site: Site) -> None:
    before = site.snapshot()
    failed = playbook(site, "deploy", f"release_image={site.images('3.0.0', 'crash')}")
    assert failed.returncode != 0
    assert "fatal: cannot log in" in " ".join(failed.stdout.split()), failed.stdout
    assert site.snapshot() == before
    good = playbook(site, "deploy", f"release_image={site.images('2.0.0')}")
    assert good.returncode == 0, good.stdout
    assert set(site.served().values()) == {"2.0.0"}
    back = playbook(site, "rollback")
    assert back.returncode == 0, back.stdout
    assert set(site.served().values()) == {"1.0.0"}


def playbook(site: Site, name: str, *variables: str) -> subprocess.CompletedProcess[str]:
    """Run a playbook as an operator without iactl does, in the checkout."""
    from ci_scripts.content import content_root

    extra = [argument for one in variables for argument in ("-e", one)]
    program = site.operator.program.with_name("ansible-playbook")
    return subprocess.run(
        [str(program), "-i", str(site.folder), f"playbooks/{name}.yml", *extra],
        cwd=content_root(),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
    )
