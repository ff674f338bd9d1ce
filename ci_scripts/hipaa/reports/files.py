"""Writing a run's reports."""

from __future__ import annotations

import json
from pathlib import Path

from ...exits import CommandError, Exit
from ...github import add_summary
from .junit import junit
from .record import Record
from .text import log, summary

LOG, JSON, JUNIT = "security_test.log", "hipaa-results.json", "hipaa-junit.xml"


def write_reports(record: Record, folder: Path) -> None:
    """Write the log, the JSON and the JUnit file, and on GitHub add to the step summary.

    Raises:
        CommandError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (
            (LOG, log(record)),
            (JSON, json.dumps(record.to_json(), indent=2) + "\n"),
            (JUNIT, junit(record)),
        ):
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            Exit.BAD_INPUT,
            f"The reports cannot be written: {error}.",
            "Name a folder that can be written to with --output.",
        ) from error
    add_summary(summary(record))
