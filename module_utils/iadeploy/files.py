"""Writing files so that a crash or a full disk never leaves half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


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
