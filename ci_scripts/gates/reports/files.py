"""``gates.sarif``: every verdict that lies in a folder, in one file."""

from __future__ import annotations

import json
from pathlib import Path

from ...evidence import EvidenceError
from ...exits import CommandError, Exit
from .. import store
from .sarif import sarif

FILE = "gates.sarif"


def write_sarif(folder: Path) -> None:
    """Write the SARIF file of all verdicts in a folder, whichever command left them.

    Raises:
        CommandError: a file of verdicts cannot be understood, or the folder not be written to.
    """
    try:
        kept = [store.read(folder / name) for name in (store.GATES, store.LINT, store.TESTS)]
        verdicts = [one for file in kept for one in file.values()]
        text = json.dumps(sarif(verdicts), indent=2) + "\n"
        (folder / FILE).write_text(text, encoding="utf-8")
    except (EvidenceError, OSError) as problem:
        raise CommandError(
            Exit.BAD_INPUT,
            f"{folder / FILE} cannot be written: {problem}.",
            "Name another folder with --output.",
        ) from problem
