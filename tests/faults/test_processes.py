"""Row 25: servers and processes that are lost while processes change hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.site import Site
from tests.fleet.server import Server
from tests.fleet.waiting import wait_until

from .breakpoint import PYTHON, Breakpoint, journal_step
from .row import Row
from .waits import start_again

pytestmark = [pytest.mark.rig, pytest.mark.row(25)]

_UNTIL_TOLD = "import signal, sys; signal.signal(15, lambda *_: sys.exit()); signal.pause()"
COMMAND = ["python3", "-c", _UNTIL_TOLD]
SETTINGS: dict[str, Any] = {
    "app_processes": {
        "worker": {"command": COMMAND},
        "scheduler": {"command": COMMAND, "per": "fleet"},
    },
    "ansible_python_interpreter": PYTHON,
}
BAD = "7.0.0"


@pytest.mark.parametrize("which", ["that has the scheduler", "without one"])
def test_server_lost_in_the_handover(row: Callable[..., Row], site: Site, which: str) -> None:
    lost = site.servers[0 if which == "that has the scheduler" else 1]
    others = [one for one in site.servers if one is not lost]
    with row(users=others, status=5, allowed={BAD}) as it:
        before = begin(it)
        at = journal_step(lost, "handover", "before")
        at.set()
        process = it.start_deploy(BAD)
        try:
            at.wait(process)
            lost.kill()
            said = it.finish(process)
            after = run_on(it, others)
        finally:
            start_again(it, lost)
            at.clear()
        assert said.code == 5, said.text
        assert lost.name in said.text and "iactl status" in said.text, said.text
        # Everybody else has what it had; the one scheduler runs nowhere but where it was.
        assert schedulers(it) <= 1
        assert after == {one.name: before[one.name] for one in others}


def test_server_lost_while_the_others_go_back(row: Callable[..., Row], site: Site) -> None:
    first, lost, last = site.servers
    with row(users=[first, last], status=5, allowed={BAD}) as it:
        before = begin(it)
        it.configure(app_bake_seconds=120)
        process = it.start_deploy(BAD)
        wait_until(lambda: handed_over(it), "the end of the handover", deadline=120)
        # The next signal that a phase sends a process is the way back's.
        at = Breakpoint(lost, "http.client.send", "/kill?signal")
        at.set()
        try:
            kill_worker(it, last)
            at.wait(process)
            lost.kill()
            said = it.finish(process)
            after = run_on(it, [first, last])
        finally:
            start_again(it, lost)
            at.clear()
        assert said.code == 5, said.text
        assert schedulers(it) <= 1
        assert "process worker does not stay" in said.text and lost.name in said.text, said.text
        assert after == {one.name: before[one.name] for one in (first, last)}


def begin(it: Row) -> dict[str, list[str]]:
    """Have the row's new version serve with its processes; return what runs, by server."""
    it.configure(**SETTINGS)
    said = it.deploy(it.new)
    assert said.code == 0, said.text
    running = run_on(it, it.site.servers)
    assert [len(names) for names in running.values()] == [3, 2, 2], running
    return running


def run_on(it: Row, servers: list[Server]) -> dict[str, list[str]]:
    """Return the names of the running containers, by server."""
    return {name: sorted(one.running) for name, one in it.look(servers).items()}


def schedulers(it: Row) -> int:
    """Count the schedulers that run on all servers, of any release."""
    running = run_on(it, it.site.servers).values()
    return sum("-scheduler-" in name for names in running for name in names)


def handed_over(it: Row) -> bool:
    """Tell whether every server runs the bad version's processes, looked after by the engine."""
    argv = ["sh", "-c", f"{_PROCESSES} | xargs -r docker inspect -f '{_SETTLED}'"]
    told = [server.run(argv).stdout.splitlines() for server in it.site.servers]
    return [rows.count(f"{BAD} unless-stopped") for rows in told] == [2, 1, 1]


def kill_worker(it: Row, server: Server) -> None:
    """Have the bad version's worker die."""
    workers = [name for name in run_on(it, [server])[server.name] if "-worker-" in name]
    server.run(["docker", "kill", *workers], check=True)


_PROCESSES = "docker ps -q --filter label=iadeploy.process"
_SETTLED = (
    '{{index .Config.Labels "org.opencontainers.image.version"}} {{.HostConfig.RestartPolicy.Name}}'
)
