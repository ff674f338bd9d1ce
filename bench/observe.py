"""What a deploy costs besides time, and where its time goes; watched apart from the timed rounds.

Watching costs time itself, so nothing of what is seen here enters the medians.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise

import psutil

from tests.fleet import Fleet

from .commands import Run, run_together
from .home import fresh_home
from .measure import Action, check_served

_EVERY = 0.05  # seconds between two looks at memory
_DONE = re.compile(r"\s*[\d.]+ s\s+(?P<host>\S+): (?P<phase>[a-z]+) ")


@dataclass(frozen=True)
class Observation:
    """One watched deploy.

    Attributes:
        peak_bytes: the controller's memory at its peak: proportional set size of the process
            tree, so that pages which forks share count once.
        calls: SSH, SFTP and SCP commands per server, the most of any server.
        parts: where the time went, name to seconds, in order; only known for iactl.
    """

    servers: int
    contender: str
    peak_bytes: int
    calls: int
    seconds: float
    parts: dict[str, float] = field(default_factory=dict)


def observe(action: Action, fleet: Fleet) -> Observation:
    """Do an action and watch the processes that it starts."""
    pids: list[int] = []
    memory = _Memory(pids)
    with fresh_home() as home, memory:
        begin = time.time()
        run = run_together(home.send(action.commands, watched=True), pids)
        run.check(f"{action.contender.name} (watched)")
        seen = home.connections([server.address for server in fleet.servers])
    check_served(action.contender.urls(), action.version)
    return Observation(
        servers=len(fleet.servers),
        contender=action.contender.name,
        peak_bytes=memory.peak,
        calls=max(seen.per_server.values(), default=0),
        seconds=run.seconds,
        parts=_parts(run, [at - begin for at in seen.starts]),
    )


class _Memory:
    """Looks at a process tree until told to stop."""

    def __init__(self, pids: list[int]) -> None:
        self.peak = 0
        self._pids = pids
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(_EVERY):
            self.peak = max(self.peak, sum(map(_tree_bytes, list(self._pids))))


def _tree_bytes(pid: int) -> int:
    total = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            total += _bytes(process)
    except psutil.Error:
        pass
    return total


def _bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:  # it has just ended
        return 0


def _parts(run: Run, calls: list[float]) -> dict[str, float]:
    """Cut a run of iactl where a phase's first SSH command starts and its last server is done."""
    done: dict[str, float] = {}
    for at, line in run.lines:
        match = _DONE.match(line)
        if match:
            done[match["phase"]] = at
    if not done or not calls:
        return {}
    begins = {
        phase: next((at for at in calls if at > before), end)
        for (_, before), (phase, end) in pairwise([("", 0.0), *done.items()])
    }
    parts = {"iactl and Ansible start": calls[0]}
    for phase, end in done.items():
        parts[f"{phase}: remote call"] = end - begins[phase]
        parts.update(_inside(run, phase))
    between = sum(begins[phase] - end for (_, end), (phase, _) in pairwise(done.items()))
    parts["between the calls"] = between
    parts["last call to exit"] = run.seconds - max(done.values())
    return parts


def _inside(run: Run, phase: str) -> dict[str, float]:
    """What the module itself measured, the slowest server's figures."""
    found: dict[str, float] = {}
    for host in json.loads(run.outputs[0]).get("hosts", {}).values():
        timings = (host.get(phase) or {}).get("timings") or {}
        for name, seconds in timings.items():
            label = f"{phase}, of which {name}"
            found[label] = max(found.get(label, 0.0), float(seconds))
    return found
