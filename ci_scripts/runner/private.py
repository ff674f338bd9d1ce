"""Folders for one run that only this user can read, and that do not outlive it."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_PREFIX = "iactl-"
_DEAD = "iactl-dead-"
_ALIVE, _NEW, _RUN = ".alive", ".new", "run"
_REMEMBERED = 600.0  # seconds; as long as the longest lease
_ID = re.compile(r"[0-9a-z-]{1,40}")


@contextmanager
def private_folder(run: str = "") -> Iterator[Path]:
    """Give a folder for one run, in memory where the system offers that.

    A run that was killed leaves its folder behind; the next run of the same user removes it. The
    kernel knows which ones live: each run holds a lock in its folder until it ends.

    Args:
        run: id of the run; when it is killed, ``dead_runs`` tells it.
    """
    base = _base()
    _remove_left_behind(base)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    try:
        (folder / _RUN).write_text(run, encoding="utf-8")
        with (folder / _NEW).open("w", encoding="utf-8") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX)
            (folder / _NEW).rename(folder / _ALIVE)  # nobody may find it before it is held
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_private(path: Path, text: str) -> None:
    """Write a new file that only this user can read, and the folders above it.

    Raises:
        FileExistsError: there is one already.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def dead_runs() -> list[str]:
    """Return the runs of this user on this machine that were killed not long ago."""
    base = _base()
    _remove_left_behind(base)
    dead = []
    for mark in base.glob(f"{_DEAD}*"):
        try:
            if not _is_ours(mark):
                continue
            if time.time() - mark.lstat().st_mtime < _REMEMBERED:
                dead.append(mark.name.removeprefix(_DEAD))
            else:
                mark.unlink()
        except OSError:
            continue  # another run removes it at the same time
    return sorted(run for run in dead if _ID.fullmatch(run))


def remember_dead(run: str) -> None:
    """Have ``dead_runs`` tell a run that ended without giving its lock back."""
    _remember(_base(), run)


def _base() -> Path:
    memory = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(memory if os.access(memory, os.W_OK) else tempfile.gettempdir())


def _remove_left_behind(base: Path) -> None:
    for folder in base.glob(f"{_PREFIX}*"):
        try:
            if not _is_ours(folder):
                continue
            with (folder / _ALIVE).open("r", encoding="utf-8") as alive:
                if _is_held(alive):
                    continue
            _remember(base, (folder / _RUN).read_text(encoding="utf-8"))
        except OSError:
            continue  # not ours to judge: being made, being removed, or no folder of a run
        shutil.rmtree(folder, ignore_errors=True)


def _is_ours(path: Path) -> bool:
    return not path.is_symlink() and path.lstat().st_uid == os.getuid()


def _remember(base: Path, run: str) -> None:
    if _ID.fullmatch(run):
        mark = base / f"{_DEAD}{run}"
        os.close(os.open(mark, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o600))


def _is_held(alive: IO[str]) -> bool:
    try:
        fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
