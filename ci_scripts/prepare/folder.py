"""The folder for a job's keys and inventory: private, and gone when the job says so."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..exits import CommandError, Exit

# It is written into Ansible's variables and into ssh's options.
_PLAIN = re.compile(r"/[A-Za-z0-9._/@+-]+")


def base(environ: Mapping[str, str]) -> Path:
    """Return where the folders of all environments are: with the job, or with the log-in."""
    for name in ("RUNNER_TEMP", "XDG_RUNTIME_DIR"):
        if environ.get(name) and os.path.isdir(environ[name]):
            return Path(environ[name]).resolve() / "iadeploy"
    return Path(tempfile.gettempdir()).resolve() / f"iadeploy-{os.getuid()}"


def make_private(folder: Path) -> None:
    """Make a folder that only this user can read.

    Raises:
        CommandError: somebody else made it, or it cannot be made.
    """
    if _PLAIN.fullmatch(str(folder)) is None:
        raise CommandError(
            Exit.BAD_INPUT,
            f"{ascii(str(folder))} has signs in its path that ssh's options cannot carry.",
            "Set RUNNER_TEMP to a folder with a plain name.",
        )
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise CommandError(
            Exit.BAD_INPUT, f"{folder} cannot be made: {error}.", "Set RUNNER_TEMP to another."
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise CommandError(
            Exit.BAD_INPUT,
            f"{folder} is not this user's own folder; somebody else may have put it there.",
            "Look at it, remove it, and try again.",
        )
    folder.chmod(0o700)


def remove(environ: Mapping[str, str], environment: str = "") -> list[str]:
    """Remove an environment's folder, or all; return the names of those that were there."""
    where = base(environ)
    if where.is_symlink() or not where.is_dir() or where.lstat().st_uid != os.getuid():
        return []
    gone = []
    for folder in sorted(where.iterdir()):
        # A run that was killed leaves a folder that begins with a dot.
        if not environment or folder.name.lstrip(".").partition("~")[0] == environment:
            shutil.rmtree(folder)
            gone.append(folder.name)
    if not any(where.iterdir()):
        where.rmdir()
    return gone
