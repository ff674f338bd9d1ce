"""``python -m tests.faults [PYTEST ARGUMENTS]``: run the suite and write docs/faults.md."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from . import results

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "faults.md"


def main(arguments: list[str]) -> int:
    """Return pytest's exit code; the page is written when every row was run."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        kept = Path(folder) / "results.json"
        # Two rigs side by side, a file on one of them, as in tests/everything.py.
        rigs = ["-n", "2", "--dist", "loadfile"]
        argv = [sys.executable, "-m", "pytest", "-q", "--durations=10", *rigs, "tests/faults"]
        environment = {**os.environ, "FAULTS_RESULTS": str(kept)}
        began = time.monotonic()
        code = subprocess.run(
            [*argv, *arguments], cwd=ROOT, env=environment, check=False
        ).returncode
        finished = code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if kept.exists() and finished and not arguments:
            text = results.page(results.load(kept), time.monotonic() - began)
            PAGE.write_text(text, encoding="utf-8")
            print(f"written: {PAGE.relative_to(ROOT)}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
