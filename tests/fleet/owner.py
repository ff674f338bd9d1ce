"""Which process owns a rig, and whether it still lives."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Owner:
    """A process that cannot be mistaken for another one that got the same number later.

    `started` is in clock ticks since boot; `boot` and `namespace` say whose clock and numbers.
    """

    pid: int
    started: int
    boot: str
    namespace: str

    @classmethod
    def current(cls) -> Owner:
        """This process."""
        pid = os.getpid()
        return cls(pid, _started(pid) or 0, _boot(), _namespace())

    @classmethod
    def parse(cls, text: str) -> Owner | None:
        """Read what `str()` wrote; None when it is not that."""
        match text.split(":"):
            case [pid, started, boot, namespace] if pid.isdigit() and started.isdigit():
                return cls(int(pid), int(started), boot, namespace)
        return None

    def __str__(self) -> str:
        return f"{self.pid}:{self.started}:{self.boot}:{self.namespace}"

    def alive(self) -> bool:
        """Whether this process still runs; True when that cannot be known from here."""
        if self.boot != _boot():
            return False
        if self.namespace != _namespace():
            return True
        return _started(self.pid) == self.started


def _started(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command name in brackets may hold anything, so count from its end.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _namespace() -> str:
    return os.readlink("/proc/self/ns/pid").strip("pid:[]")
