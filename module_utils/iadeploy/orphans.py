"""Processes that hold a slot's address and belong to no container.

An engine that is killed between making a container's process (``runc init``) and noting it forgets
the process. Its container can be removed and made anew, but the process lives on in its network
namespace, and with the slot's address it refuses every connection that is meant for the next
releases. Met with Docker 20.10 under live-restore; tests/faults/test_engine.py makes one.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .errors import DeployError

PROC = Path("/proc")
_SHIM = "containerd-shim"
_ENGINE = "moby"  # Docker's namespace in containerd
_INTERVAL = 0.05  # seconds between two looks whether a killed process has gone


def holders(address: str, proc: Path = PROC) -> dict[str, list[int]]:
    """Return whose processes hold an address: a container's id to its processes, the shim first.

    Containers of an engine that runs inside a container are not among them; they are in a process
    namespace of their own, and may well have the same addresses.
    """
    found: dict[str, list[int]] = {}
    shims = _shims(proc)
    for process in _processes(proc):
        with suppress(OSError, ValueError):  # it has ended meanwhile
            parent = _parent(process)
            if parent in shims and _has(process, address):
                found.setdefault(shims[parent], [parent]).append(int(process.name))
    return found


def end(container: str, address: str, proc: Path = PROC, deadline: float = 5.0) -> None:
    """Kill what holds an address for a container that the engine does not know.

    Args:
        deadline: seconds that the kernel gets.

    Raises:
        DeployError: it lives on.
    """
    until = time.monotonic() + deadline
    while there := holders(address, proc).get(container):
        for process in there:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        if time.monotonic() >= until:
            raise DeployError(
                f"process {there[-1]} holds {address} and belongs to no container",
                "A crash of the Docker Engine has left it; restart this server",
                cause="refused",
            )
        time.sleep(_INTERVAL)


def _processes(proc: Path) -> Iterator[Path]:
    return (one for one in proc.iterdir() if one.name.isdigit())


def _shims(proc: Path) -> dict[int, str]:
    """Return the processes that hold our engine's containers, with the containers' ids."""
    ours = os.readlink(proc / "self" / "ns" / "pid")
    found = {}
    for process in _processes(proc):
        with suppress(OSError, ValueError):
            words = (process / "cmdline").read_text(encoding="utf-8").split("\0")
            is_shim = Path(words[0]).name.startswith(_SHIM) and _ENGINE in words
            if is_shim and os.readlink(process / "ns" / "pid") == ours:
                found[int(process.name)] = words[words.index("-id") + 1]
    return found


def _parent(process: Path) -> int:
    # Behind the name, which may hold anything: state, then the parent (proc_pid_stat(5)).
    return int((process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])


def _has(process: Path, address: str) -> bool:
    """Whether an address is one of a process's network namespace's own."""
    lines = (process / "net" / "fib_trie").read_text(encoding="utf-8").splitlines()
    pairs = zip(lines, lines[1:])
    return any(
        one.strip() == f"|-- {address}" and after.strip() == "/32 host LOCAL"
        for one, after in pairs
    )
