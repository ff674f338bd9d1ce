"""This machine's process list, as everybody on it can read it."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

_EVERY = 0.1  # seconds between two looks at the process list
_LOOKS = 5  # at each command line: a process that has begun may still become another program


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
