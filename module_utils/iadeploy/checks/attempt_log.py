"""The record of every attempt: JSON lines on the host, rotated here, never too large."""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..log_file import append_line


class AttemptLog:
    """Appends to a log file; a log that cannot be written is said once and spoils no check.

    Args:
        path: the file; an empty string writes nothing.
        most: bytes after which it is rotated.
        keep: how many rotated files are kept.
    """

    def __init__(self, path: str, most: int, keep: int) -> None:
        self.problem = ""
        self._path = Path(path) if path else None
        self._most = most
        self._keep = keep
        self._run = secrets.token_hex(4)

    def write(self, record: dict[str, Any]) -> None:
        """Append one record with the time and this run's number."""
        if self._path is None or self.problem:
            return
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        line = json.dumps({"at": now, "run": self._run, **record}, ensure_ascii=True) + "\n"
        try:
            append_line(self._path, line.encode(), most=self._most, keep=self._keep)
        except OSError as error:
            told = error.strerror or type(error).__name__
            self.problem = f"{self._path} cannot be written ({told}); the checks ran all the same"
