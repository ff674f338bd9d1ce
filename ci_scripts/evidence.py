"""Reading what tools left: scanners' results and the gates' verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


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
