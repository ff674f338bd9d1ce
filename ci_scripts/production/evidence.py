"""The documents that the rules judge, found in a folder by their names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..evidence import EvidenceError, read_json

HISTORY, STATUS = "staging-history.json", "staging-status.json"
BACKUP, HEAD, APPROVAL = "production-backup.json", "head.json", "approval.json"
GATES, TRIVY, HIPAA = "gate-verdicts.json", "trivy-results.json", "hipaa-results.json"
WEEKLY = "weekly"  # the folder of the weekly scan


@dataclass(frozen=True)
class Evidence:
    """A folder with documents; artifacts may lie in folders of their own below it."""

    folder: Path

    def one(self, name: str) -> Any:
        """Return the one document of that name, or None where there is none.

        Raises:
            EvidenceError: there are several, or it is no JSON.
        """
        paths = self._paths(name, weekly=False)
        if len(paths) > 1:
            there = ", ".join(str(path.relative_to(self.folder)) for path in paths)
            raise EvidenceError(f"there are several: {there}")
        return read_json(paths[0]) if paths else None

    def all(self, name: str) -> list[Any]:
        """Return every document of that name that is not the weekly scan's.

        Raises:
            EvidenceError: one is no JSON.
        """
        return [read_json(path) for path in self._paths(name, weekly=False)]

    def weekly(self, name: str) -> list[Any]:
        """Return every document of that name of the weekly scan.

        Raises:
            EvidenceError: one is no JSON.
        """
        return [read_json(path) for path in self._paths(name, weekly=True)]

    def _paths(self, name: str, *, weekly: bool) -> list[Path]:
        found = sorted(path for path in self.folder.rglob(name) if path.is_file())
        return [
            path for path in found if (WEEKLY in path.relative_to(self.folder).parts[:-1]) is weekly
        ]
