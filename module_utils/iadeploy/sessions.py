"""What an account's sessions run, and their end.

A session's processes are more than the account's own: what it runs by sudo is root's, so the tree
of parents is followed. A service that was started to outlive the session is no part of it: what an
emergency has mended must not end with it. (The kernel's loginuid would name such a service too.)
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_ROUNDS, _PAUSE = 50, 0.1  # seconds; somebody may just be logging in


@dataclass(frozen=True)
class Process:
    """A running process.

    Attributes:
        pid: its number.
        parent: its parent's number.
        uids: real, effective, saved and file system user.
    """

    pid: int
    parent: int
    uids: frozenset[int]


def belonging(processes: Iterable[Process], uid: int) -> set[int]:
    """Return the numbers of the processes that an account's sessions consist of. Pure."""
    everyone = {one.pid: one for one in processes}
    found = {one.pid for one in everyone.values() if uid in one.uids}
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
        while more := belonging(_running(), uid) - spared - stopped:
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
    parents = {one.pid: one.parent for one in _running()}
    found, pid = set(), os.getpid()
    while pid and pid not in found:
        found.add(pid)
        pid = parents.get(pid, 0)
    return found


def _running() -> list[Process]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError, ValueError, KeyError):  # it has ended meanwhile
                found.append(_read(folder))
    return found


def _read(folder: Path) -> Process:
    lines = (folder / "status").read_text(encoding="utf-8", errors="replace").splitlines()
    facts = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    if facts["State"][0] == "Z":
        raise ValueError("it has ended")
    return Process(int(folder.name), int(facts["PPid"][0]), frozenset(map(int, facts["Uid"])))
