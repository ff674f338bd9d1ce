"""Run on a server by its own Python: kill its engine between a container's process and its note.

Waits for the process that the engine has just made and not started yet, ``runc init`` below the
container's shim, and kills the engine then. Standard library only.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

_INIT = "runc:[2:INIT]"
_SHIM = "containerd-shim"


def main(image: str, address: str) -> None:
    """Leave an orphan with an address; end with 1 where it came to none."""
    create = ["docker", "create", "--name", "orphan", "--network", "iadeploy", "--ip", address]
    _docker(*create[1:], "--entrypoint", "sleep", image, "600")
    with open("/run/docker.pid", encoding="ascii") as file:
        engine = int(file.read())
    with subprocess.Popen(["docker", "start", "orphan"], stderr=subprocess.DEVNULL) as start:
        while start.poll() is None and not _inits():
            continue
        os.kill(engine, signal.SIGKILL)
    subprocess.run(["service", "docker", "start"], check=True, stdout=subprocess.DEVNULL)
    while subprocess.run(["docker", "version"], capture_output=True, check=False).returncode:
        continue
    _docker("rm", "-f", "orphan")
    sys.exit(0 if _inits() else 1)


def _docker(*arguments: str) -> None:
    subprocess.run(["docker", *arguments], check=True, stdout=subprocess.DEVNULL)


def _inits() -> list[str]:
    """Return the processes that are made, belong to a shim and are not started."""
    return [name for name in os.listdir("/proc") if name.isdigit() and _is_init(name)]


def _is_init(pid: str) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            before, _, after = file.read().rpartition(")")
        if not before.endswith(f"({_INIT}"):
            return False
        with open(f"/proc/{after.split()[1]}/cmdline", encoding="utf-8") as file:
            return _SHIM in file.read()
    except OSError:
        return False  # it has ended


if __name__ == "__main__":
    main(*sys.argv[1:])
