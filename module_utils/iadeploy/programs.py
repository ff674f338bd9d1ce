"""Running a server's programs to their end, for as long as somebody waits for it."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass

from .errors import DeployError
from .tether import check_tether

_INTERVAL = 0.2  # seconds between two looks at a running program


@dataclass(frozen=True)
class Done:
    """How a program ended: its exit code and what it printed."""

    code: int
    output: str
    errors: str


def check_installed(*names: str) -> None:
    """Return when the programs are there.

    Raises:
        DeployError: one is missing.
    """
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise DeployError(
            f"{missing[0]} is not installed on this server",
            "Run 'iactl bootstrap' for this environment; it installs what backups need",
            cause="refused",
        )


def run(
    argv: list[str], environment: dict[str, str], given: str, timeout: float, doing: str
) -> Done:
    """Run a program to its end.

    Args:
        given: its standard input.
        timeout: seconds it may take.
        doing: for the sentence, as in "cannot …".

    Raises:
        DeployError: it took too long, or the controller has gone; the program is dead then.
    """
    deadline = time.monotonic() + timeout
    data: str | None = given
    with subprocess.Popen(
        argv,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        try:
            while True:
                try:
                    output, errors = process.communicate(data, timeout=_INTERVAL)
                    return Done(process.returncode, output, errors)
                except subprocess.TimeoutExpired:
                    data = None  # what is left of it is kept
                    check_time(deadline, timeout, doing)
        finally:
            if process.poll() is None:
                process.kill()


def check_time(deadline: float, timeout: float, doing: str) -> None:
    """Return while there is time and somebody who waits.

    Raises:
        DeployError: the time is over, or the controller has gone.
    """
    check_tether()
    if time.monotonic() >= deadline:
        raise DeployError(
            f"cannot {doing}: it did not end within {timeout:g} s",
            "Give it more time, or find out what it waits for; pg_stat_activity tells of the"
            " database",
            cause="refused",
        )
