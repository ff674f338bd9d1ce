"""Reading what other tools left: scanners' results and the gates' verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .verdict import Status, Verdict, not_tested


class EvidenceError(Exception):
    """A result file that cannot be understood; the text says which and why."""


def read_json(path: Path) -> Any:
    """Return a JSON file's content, or None where there is no such file.

    Raises:
        EvidenceError: it is no JSON.
    """
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EvidenceError(f"{path.name} is no JSON: {error}") from error


def missing(name: str, folder: Path, *, asked_for: bool) -> Verdict:
    """Return the verdict where a result file is missing; never a pass.

    Args:
        asked_for: whether the folder was named: a file that was to be there is an error.
    """
    if asked_for:
        return Verdict(Status.ERROR, f"{folder} holds no {name}.")
    return not_tested(f"There is no {name}; run the gates, then name their folder by --evidence.")
