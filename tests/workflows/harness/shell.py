"""One `run:` line, as GitHub's runner starts it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from .errors import HarnessError

DEADLINE = 900.0  # seconds for one line
_SHELLS = {
    "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
    "": ["bash", "-e"],
}
_ALONE = ["unshare", "--net"]


@cache
def _separable() -> bool:
    """Whether a process may get a network of its own here: root may, in most containers too."""
    return subprocess.run([*_ALONE, "true"], capture_output=True, check=False).returncode == 0


def execute(
    line: str, shell: str, env: Mapping[str, str], folder: Path, log: Path, *, offline: bool
) -> int:
    """Run a line, add what it says to the log, and return its exit code.

    `offline` takes the network away, where this machine lets it be taken.
    """
    if shell not in _SHELLS:
        raise HarnessError(f"the harness does not know the shell {shell}")
    script = log.with_suffix(".sh")
    script.write_text(f"{line}\n", encoding="utf-8")
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*(_ALONE if offline and _separable() else []), *_SHELLS[shell], str(script)],
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(DEADLINE)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
