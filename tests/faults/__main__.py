"""``python -m tests.faults [PYTEST ARGUMENTS]``: run the suite and write docs/faults.md."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.suites import ON_TWO_RIGS, ROOT, run_suite

from . import results

PAGE = ROOT / "docs" / "faults.md"


def main(arguments: list[str]) -> int:
    """Return pytest's exit code; the page is written when every row was run."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        kept = Path(folder) / "results.json"
        began = time.monotonic()
        code = run_suite("faults", *ON_TWO_RIGS, *arguments, env={"FAULTS_RESULTS": str(kept)})
        finished = code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if kept.exists() and finished and not arguments:
            text = results.page(results.load(kept), time.monotonic() - began)
            PAGE.write_text(text, encoding="utf-8")
            print(f"written: {PAGE.relative_to(ROOT)}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
