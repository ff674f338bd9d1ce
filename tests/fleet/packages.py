"""Debian packages that this machine needs to carry a rig."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from .errors import COMMAND, RigError

Progress = Callable[[str], None]


def installable() -> bool:
    """Whether this process may install packages here: root on Debian or Ubuntu."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def ensure(command: str, package: str, progress: Progress) -> None:
    """Install `package` unless `command` is there; RigError when that is not possible."""
    if shutil.which(command) is None:
        install([package], progress)


def install(packages: list[str], progress: Progress) -> None:
    """Install packages with apt; RigError, with the end of apt's output, when that fails."""
    names = " ".join(packages)
    if not installable():
        raise RigError(
            f"{names} must be installed, which takes root on Debian or Ubuntu: "
            f"run '{COMMAND} engine' as root once"
        )
    progress("reading the package lists")
    _apt("update")
    progress(f"installing {names}")
    _apt("install", "--yes", "--no-install-recommends", *packages)


def systemd_runs() -> bool:
    """Whether systemd is this machine's first process."""
    return Path("/run/systemd/system").is_dir()


def _apt(*arguments: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if not systemd_runs():
        # Keeps packages from starting services by init scripts; the rig starts what it needs.
        environment["RUNLEVEL"] = "1"
    answer = subprocess.run(
        ["apt-get", "--quiet", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if answer.returncode != 0:
        end = "\n".join(answer.stdout.splitlines()[-15:])
        raise RigError(f"'apt-get {' '.join(arguments)}' failed on this machine:\n{end}")
