"""A command under test with all its processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

_EVERY = 0.1  # seconds between two looks at the process list
_LOOKS = 5  # at each command line: a process that has begun may still become another program


def family(pid: int) -> set[int]:
    """Return a process and all that descend from it; Ansible's are a session of their own."""
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


class ProcessListWatch:
    """Looks for words in this machine's process list, which shows the rig's servers' as well.

    Args:
        words: secrets that no command line may hold.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [word.encode() for word in words]
        self._seen: dict[str, list[bytes]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.hits: set[str] = set()

    def __enter__(self) -> ProcessListWatch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY):
            there = [name for name in os.listdir("/proc") if name.isdigit()]
            self._seen = {name: self._seen.get(name, []) for name in there}
            for name, lines in self._seen.items():
                if len(lines) < _LOOKS:
                    self._look(Path("/proc", name, "cmdline"), lines)

    def _look(self, path: Path, lines: list[bytes]) -> None:
        """Look at a command line; ``lines`` are the last looks, as long as they saw the same."""
        try:
            line = path.read_bytes()
        except OSError:
            return  # it has ended
        if line not in lines[-1:]:
            lines.clear()
        lines.append(line)
        if any(word in line for word in self._words):
            program = line.split(b"\0")[0].decode(errors="replace")
            self.hits.add(f"ps: a command line of {program}")
