"""A command with all its processes: those of Ansible are in a session of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess


def family(pid: int) -> set[int]:
    """Return a process and all that descend from it."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, check=True)
    rows = (line.split() for line in listed.stdout.decode().splitlines())
    parents = {int(one): int(parent) for one, parent in rows}
    found = {pid}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def signal_all(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to a command and all its processes."""
    for pid in family(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def kill_all(process: subprocess.Popen[str]) -> None:
    """Have a command and all its processes gone in the middle of what they do, as in a crash of
    the machine they run on."""
    signal_all(process, signal.SIGSTOP)  # or its children would live to see it die
    signal_all(process, signal.SIGKILL)
    process.communicate()
