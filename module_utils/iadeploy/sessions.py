"""What an account's sessions run, and their end.

A session's processes are more than the account's own: what it runs by sudo is root's, so the tree
of parents is followed. A service that was started to outlive the session is no part of it: what an
emergency has mended must not end with it. (The kernel's loginuid would name such a service too.)

An image's user may have the account's uid, and a container's processes stand in the host's /proc
with it: a uid counts only in our own PID namespace. What a session runs inside a container, as by
``docker exec``, is a child of the container's shim there and goes on; its client here ends.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_ROUNDS, _PAUSE = 50, 0.1  # seconds; somebody may just be logging in


@dataclass(frozen=True)
class Process:
    """A running process.

    Attributes:
        pid: its number.
        parent: its parent's number.
        uids: real, effective, saved and file system user.
        foreign: whether it is in another PID namespace than we are, as a container's processes.
    """

    pid: int
    parent: int
    uids: frozenset[int]
    foreign: bool = False


def belonging(processes: Iterable[Process], uid: int) -> set[int]:
    """Return the numbers of the processes that an account's sessions consist of. Pure."""
    everyone = {one.pid: one for one in processes}
    found = {one.pid for one in everyone.values() if uid in one.uids and not one.foreign}
    while more := {one.pid for one in everyone.values() if one.parent in found} - found:
        found |= more
    return found


def end_sessions(uid: int) -> None:
    """End all that an account's sessions run, at once.

    They are stopped before any is killed: one that starts another meanwhile would leave a child
    that nobody can tell from a service.
    """
    spared, stopped = _ourselves(), set[int]()
    for _ in range(_ROUNDS):
        while more := belonging(running(), uid) - spared - stopped:
            _signal(more, signal.SIGSTOP)
            stopped |= more
        if not stopped:
            return
        _signal(stopped, signal.SIGKILL)
        stopped.clear()
        time.sleep(_PAUSE)


def _signal(pids: set[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _ourselves() -> set[int]:
    """Return this process and all that it was started by: they do the work."""
    parents = {one.pid: one.parent for one in running()}
    found, pid = set(), os.getpid()
    while pid and pid not in found:
        found.add(pid)
        pid = parents.get(pid, 0)
    return found


def running(proc: Path = PROC) -> list[Process]:
    """Return the processes that run on this host, those of containers included."""
    ours = _space(proc / "self")
    found = []
    for folder in proc.iterdir():
        if folder.name.isdigit():
            with suppress(OSError, ValueError, KeyError):  # it has ended meanwhile
                found.append(_read(folder, ours))
    return found


def _space(folder: Path) -> str:
    """Return the PID namespace of a process."""
    return os.readlink(folder / "ns" / "pid")


def _read(folder: Path, ours: str) -> Process:
    lines = (folder / "status").read_text(encoding="utf-8", errors="replace").splitlines()
    facts = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    if facts["State"][0] == "Z":
        raise ValueError("it has ended")
    parent, uids = int(facts["PPid"][0]), frozenset(map(int, facts["Uid"]))
    return Process(int(folder.name), parent, uids, foreign=_space(folder) != ours)
