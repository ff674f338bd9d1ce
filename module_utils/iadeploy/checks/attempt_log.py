"""The record of every attempt: JSON lines on the host, rotated here, never too large."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

_MODE = 0o640


class AttemptLog:
    """Appends to a log file; a log that cannot be written is said once and spoils no check.

    Args:
        path: the file; an empty string writes nothing.
        most: bytes after which it is rotated.
        keep: how many rotated files are kept.
    """

    def __init__(self, path: str, most: int, keep: int) -> None:
        self.problem = ""
        self._path = Path(path) if path else None
        self._most = most
        self._keep = keep
        self._run = secrets.token_hex(4)

    def write(self, record: dict[str, Any]) -> None:
        """Append one record with the time and this run's number."""
        if self._path is None or self.problem:
            return
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        line = json.dumps({"at": now, "run": self._run, **record}, ensure_ascii=True) + "\n"
        try:
            self._append(self._path, line.encode())
        except OSError as error:
            told = error.strerror or type(error).__name__
            self.problem = f"{self._path} cannot be written ({told}); the checks ran all the same"

    def _append(self, path: Path, line: bytes) -> None:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        with _locked(path.parent):
            size = path.lstat().st_size if path.is_file() else 0
            if size and size + len(line) > self._most:
                self._rotate(path)
            # No symbolic link: who can write to the folder must not choose what root writes to.
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
            descriptor = os.open(path, flags, _MODE)
            try:
                # A device such as /dev/null must keep the mode that everybody needs.
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError(errno.EINVAL, "it is no regular file")
                os.fchmod(descriptor, _MODE)
                os.write(descriptor, line)
            finally:
                os.close(descriptor)

    def _rotate(self, path: Path) -> None:
        names = [path, *(path.with_name(f"{path.name}.{at}") for at in range(1, self._keep + 1))]
        names[-1].unlink(missing_ok=True)
        for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
            if newer.exists():
                newer.replace(older)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time write; two that rotate at once would lose lines."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
