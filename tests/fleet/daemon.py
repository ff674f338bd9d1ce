"""Install and start a Docker Engine where none answers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from . import builder, engine, packages
from .errors import COMMAND, RigError
from .home import home, lock
from .waiting import wait_until

Progress = Callable[[str], None]

_PACKAGES = ["ca-certificates", "debootstrap", "docker.io", "iptables", "openssh-client"]
_DEADLINE = 60.0  # seconds until a started engine answers


def ensure(progress: Progress = lambda line: None) -> None:
    """Have a Docker Engine answer, and a docker client that can build for it.

    Needs no root where one answers already, and the SSH client is there. RigError when there is
    none and this process may not start one, or when no client builds.
    """
    packages.ensure("ssh", "openssh-client", progress)
    if engine.connect() is None:
        _install(progress)
    # Now, and not after minutes of other work.
    builder.builder()


def _install(progress: Progress) -> None:
    if not packages.installable():
        raise RigError(
            "no Docker Engine answers, and installing one takes root on Debian or Ubuntu: "
            f"start Docker, or run '{COMMAND} engine' as root"
        )
    with lock("engine"):
        if shutil.which("dockerd") is None:
            packages.install(_PACKAGES, progress)
        if engine.connect() is None:
            progress("starting the Docker Engine")
            _start()
    found = engine.connect()
    if found is None:
        raise RigError("the Docker Engine started and stopped again: see its log")
    progress(f"Docker Engine {found.version()['Version']} answers")


def _start() -> None:
    if packages.systemd_runs():
        answer = subprocess.run(
            ["systemctl", "start", "docker"], capture_output=True, text=True, check=False
        )
        if answer.returncode != 0:
            raise RigError(f"systemd cannot start docker: {answer.stderr.strip()}")
        wait_until(engine.connect, "an answer of the Docker Engine", deadline=_DEADLINE)
        return
    folder = home() / ".engine"
    folder.mkdir(mode=0o700, exist_ok=True)
    log = folder / "dockerd.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            ["dockerd"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
        )
    (folder / "dockerd.pid").write_text(f"{process.pid}\n", encoding="ascii")

    def answers() -> bool:
        if process.poll() is not None:
            raise RigError(f"dockerd ended with {process.returncode}:\n{_end_of(log)}")
        return engine.connect() is not None

    wait_until(answers, f"an answer of the Docker Engine (log: {log})", deadline=_DEADLINE)


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
