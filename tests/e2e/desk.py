"""A test's application that runs a worker and a scheduler beside its web process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.fleet.server import Server

from .site import Site

FOLDER = "/srv/ticks"
PYTHON = ["python3", "-u", "/app/worker.py"]
# Its task ends when the test says so.
HOLDER: dict[str, Any] = {"command": [*PYTHON, "hold"], "stop_seconds": 150}
SCHEDULER: dict[str, Any] = {"command": [*PYTHON, "schedule"], "per": "fleet"}
PROCESSES: dict[str, Any] = {
    "worker": {"command": [*PYTHON, "work", 0.5], "count": 2},
    "scheduler": SCHEDULER,
}
# What runs where all is well: process to how many, by server.
AT_REST = {"web1": {"scheduler": 1, "worker": 2}, "web2": {"worker": 2}}


@dataclass(frozen=True)
class Line:
    """One line of the log: which container did what, and when."""

    container: str
    role: str
    event: str
    at: float


@dataclass
class Desk(Site):
    """The application, and what its processes have told."""

    def prepare_log(self) -> None:
        """Have an empty log on every server, where the processes can write."""
        for server in self.servers:
            server.run(["install", "-d", "-m", "1777", FOLDER])
            script = f"cd {FOLDER} && rm -f go && : > log && chmod 666 log"
            server.run(["sh", "-c", script])

    def settled(self, process: str) -> bool:
        """Tell whether the engine looks after a process of that name on every server."""
        policy = "{{.HostConfig.RestartPolicy.Name}}"
        script = f"docker ps -q --filter label=iadeploy.process={process} | xargs -r docker inspect"
        argv = ["sh", "-c", f"{script} -f '{policy}'"]
        return all("unless-stopped" in server.run(argv).stdout for server in self.servers)

    def let_go(self) -> None:
        """Have the tasks of all holders end, and what dies die."""
        for server in self.servers:
            server.run(["touch", f"{FOLDER}/go"])

    def processes(self, *, of: str = "") -> dict[str, dict[str, int]]:
        """Return which processes run on every server, of all releases or of one."""
        return {server.name: self._running(server, of) for server in self.servers}

    def _running(self, server: Server, release: str) -> dict[str, int]:
        filters = [f"label=iadeploy.app={self.app}", "label=iadeploy.process", "status=running"]
        filters += [f"label=iadeploy.release={release}"] if release else []
        form = '{{.Label "iadeploy.process"}}'
        argv = ["docker", "ps", "--format", form, *(f"--filter={one}" for one in filters)]
        names = server.run(argv).stdout.split()
        return {name: names.count(name) for name in sorted(set(names))}

    def release(self) -> str:
        """Return the id of the release whose web process runs on the first server."""
        slots = ("blue", "green")
        wanted = [f"label=iadeploy.app={self.app}", "status=running"]
        argv = [
            "docker",
            "ps",
            "--format",
            '{{.Label "iadeploy.slot"}} {{.Label "iadeploy.release"}}',
        ]
        rows = self.servers[0].run([*argv, *(f"--filter={one}" for one in wanted)]).stdout
        (release,) = {row.split()[1] for row in rows.splitlines() if row.startswith(slots)}
        return release

    def lines(self) -> list[Line]:
        """Return what all processes on all servers have told, in the order of time."""
        told = []
        for server in self.servers:
            for text in server.run(["cat", f"{FOLDER}/log"]).stdout.splitlines():
                container, role, event, at = text.split()
                told.append(Line(container, role, event, float(at)))
        return sorted(told, key=lambda one: one.at)

    def overlaps(self) -> list[tuple[float, float]]:
        """Return the times at which two schedulers ran at once, anywhere."""
        spans = sorted(_spans(self.lines()))
        return [
            (later[0], before[1])
            for before, later in zip(spans, spans[1:], strict=False)
            if later[0] <= before[1]
        ]

    def lost_tasks(self) -> list[str]:
        """Return the containers that ended in the middle of a task."""
        alive = {
            name
            for server in self.servers
            for name in server.run(["docker", "ps", "-q"]).stdout.split()
        }
        last = {one.container: one.event for one in self.lines() if one.role == "work"}
        return [name for name, event in last.items() if event != "done" and name not in alive]


def _spans(lines: list[Line]) -> Iterator[tuple[float, float]]:
    """Yield the first and the last sign of life of every scheduler's run."""
    open_: dict[str, tuple[float, float]] = {}
    for one in lines:
        if one.role != "schedule":
            continue
        if one.event == "begin" and one.container in open_:
            yield open_.pop(one.container)
        begun, _ = open_.get(one.container, (one.at, one.at))
        open_[one.container] = (begun, one.at)
    yield from open_.values()
