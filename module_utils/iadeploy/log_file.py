"""Appending to a log file that several processes write and that rotates itself."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MODE = 0o640
# No symbolic link: who can write to the folder must not choose what root writes to. And a named
# pipe without a reader must not make us wait for one.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK


def append_line(path: Path, line: bytes, *, most: int, keep: int, folder_mode: int = 0o750) -> None:
    """Append one line; a file that would outgrow its limit becomes ``<name>.1`` first.

    Args:
        path: the log; its folder is made when it is not there.
        line: with its line end.
        most: bytes after which it is rotated.
        keep: how many rotated files are kept, at least 1.
        folder_mode: of a folder that is made.

    Raises:
        OSError: it cannot be written, or is no regular file.
    """
    path.parent.mkdir(mode=folder_mode, parents=True, exist_ok=True)
    with _locked(path.parent):
        size = path.lstat().st_size if path.is_file() else 0
        if size and size + len(line) > most:
            _rotate(path, keep)
        descriptor = os.open(path, _FLAGS, _MODE)
        try:
            # A device such as /dev/null must keep the mode that everybody needs.
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "it is no regular file")
            os.fchmod(descriptor, _MODE)
            os.write(descriptor, line)
        finally:
            os.close(descriptor)


def _rotate(path: Path, keep: int) -> None:
    names = [path, *(path.with_name(f"{path.name}.{at}") for at in range(1, keep + 1))]
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
