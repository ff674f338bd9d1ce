"""Writing files so that a crash or a full disk never leaves half of one."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from .errors import DeployError


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Write ``text`` so that after a crash the file is the old one or the new one, whole.

    Raises:
        DeployError: it cannot be written.
    """
    with explained(path):
        _replace(path, text, mode)
        _sync_folder(path.parent)


def _replace(path: Path, text: str, mode: int) -> None:
    with _written_beside(path) as stream:
        try:
            stream.write(text)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
            os.replace(stream.name, path)
        except BaseException:
            Path(stream.name).unlink(missing_ok=True)
            raise


@contextmanager
def _written_beside(path: Path) -> Iterator[TextIO]:
    """Give the empty file that is to take a path's place, to one process at a time.

    Its name is always the same: what a killed process leaves is used by the next one, and nothing
    gathers on the disk.
    """
    beside = path.with_name(f".{path.name}.new")
    while True:
        with open(beside, "a", encoding="utf-8", opener=_private) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if not _is_at(stream, beside):
                continue  # another process has put it in place meanwhile
            stream.truncate(0)
            yield stream
            return


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _is_at(stream: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the system says about a path into a sentence."""
    try:
        yield
    except OSError as error:
        raise DeployError(
            f"{path} cannot be written ({error.strerror or error})",
            "Check that this server's disk is neither full nor read-only",
        ) from error


def make_folder(folder: Path) -> None:
    """Have a folder that only its owner enters.

    Raises:
        DeployError: it cannot be made.
    """
    with explained(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
