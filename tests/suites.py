"""Running one folder of tests in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Tests with servers, on two rigs side by side: a deploy waits more than it computes. A file stays
# on one rig.
ON_TWO_RIGS = ("-n", "2", "--dist", "loadfile")


def run_suite(what: str, *options: str, env: Mapping[str, str] | None = None) -> int:
    """Run the tests of a folder or file below ``tests``, with their output on this terminal.

    Args:
        what: the path of the folder or file, from ``tests`` on.
        options: pytest's.
        env: what is added to the environment.

    Returns:
        pytest's exit code.
    """
    argv = [sys.executable, "-m", "pytest", "-q", "--durations=5", *options, f"tests/{what}"]
    environment = {**os.environ, **(env or {})}
    return subprocess.run(argv, cwd=ROOT, env=environment, check=False).returncode
