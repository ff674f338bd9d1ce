"""Folders for one run that only this user can read, and that do not outlive it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_PREFIX = "iactl-"
_ALIVE = ".alive"


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give a folder for one run, in memory where the system offers that.

    A run that was killed leaves its folder behind; the next run of the same user removes it. The
    kernel knows which ones live: each run holds a lock in its folder until it ends.
    """
    memory = os.environ.get("XDG_RUNTIME_DIR", "")
    base = Path(memory if os.access(memory, os.W_OK) else tempfile.gettempdir())
    _remove_left_behind(base)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    try:
        with (folder / ".new").open("w", encoding="utf-8") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX)
            (folder / ".new").rename(folder / _ALIVE)  # nobody may find it before it is held
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left_behind(base: Path) -> None:
    for folder in base.glob(f"{_PREFIX}*"):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with (folder / _ALIVE).open("r", encoding="utf-8") as alive:
                if _is_held(alive):
                    continue
        except OSError:
            continue  # not ours to judge: being made, being removed, or no folder of a run
        shutil.rmtree(folder, ignore_errors=True)


def _is_held(alive: IO[str]) -> bool:
    try:
        fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
