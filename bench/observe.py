"""What a deploy costs besides time, and where its time goes; watched apart from the timed rounds.

Watching costs time itself, so nothing of what is seen here enters the medians.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

import psutil

from tests.fleet import Fleet

from .commands import Run, run_together
from .home import fresh_home
from .measure import Action, check_served, timings

_EVERY = 0.05  # seconds between two looks at memory
_DONE = re.compile(r"\s*[\d.]+ s\s+(?P<host>\S+): (?P<phase>[a-z]+(, [a-z]+)*) ")


@dataclass(frozen=True)
class Observation:
    """One watched deploy.

    Attributes:
        memory: the controller's memory at its peak, kind of process to bytes: proportional set
            size of the process tree, so that pages which forks share count once.
        calls: SSH, SFTP and SCP commands per server, the most of any server.
        parts: where the time went, name to seconds, in order; only known for iactl.
    """

    servers: int
    contender: str
    memory: dict[str, int]
    calls: int
    seconds: float
    parts: dict[str, float] = field(default_factory=dict)

    @property
    def peak_bytes(self) -> int:
        """The controller's memory at its peak."""
        return sum(self.memory.values())


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
        memory=memory.peak,
        calls=max(seen.per_server.values(), default=0),
        seconds=run.seconds,
        parts=_parts(run, [at - begin for at in seen.starts]),
    )


class _Memory:
    """Looks at a process tree until told to stop."""

    def __init__(self, pids: list[int]) -> None:
        self.peak: dict[str, int] = {}
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
            now: Counter[str] = Counter()
            for pid in list(self._pids):
                with suppress(psutil.Error):
                    now.update(_tree_bytes(psutil.Process(pid)))
            self.peak = max(self.peak, dict(now), key=lambda seen: sum(seen.values()))


def _tree_bytes(root: psutil.Process) -> Counter[str]:
    """Return the memory of a process and all below it, by kind of process."""
    found: Counter[str] = Counter()
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.Error):  # it has just ended
            found[_kind(process, root)] += int(process.memory_full_info().pss)
    return found


def _kind(process: psutil.Process, root: psutil.Process) -> str:
    """Return which row of the table a process belongs to."""
    if process == root:
        return "the command itself"
    if process.name() in ("ssh", "sshpass", "sftp", "scp"):
        return "SSH"
    parent = process.parent()
    forked = parent is not None and parent.cmdline() == process.cmdline()
    return "Ansible's processes per server" if forked else "Ansible"


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


def _inside(run: Run, call: str) -> dict[str, float]:
    """What the module itself measured of a call's phases, the slowest server's figures."""
    found: dict[str, float] = {}
    for host in json.loads(run.outputs[0]).get("hosts", {}).values():
        for phase in call.split(", "):
            for name, seconds in timings(host, phase).items():
                label = f"{phase}, of which {name}"
                found[label] = max(found.get(label, 0.0), float(seconds))
    return found
