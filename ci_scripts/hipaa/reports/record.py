"""A whole run as one object, and as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from iadeploy.masking import printable

from .. import NOTE
from ..run import Result
from ..verdict import Status

SCHEMA = 1
BAD = (Status.FAIL, Status.ERROR)


@dataclass(frozen=True)
class Record:
    """One run.

    Attributes:
        subjects: what was looked at, such as the project's folder or an image.
        commit: the commit that was looked at, an empty string where there is none.
        at: UTC time, ISO 8601.
        version: the tool's.
        left_out: environment to the reason why it was not looked at.
    """

    subjects: tuple[str, ...]
    commit: str
    at: str
    version: str
    left_out: dict[str, str]
    results: list[Result]

    @property
    def counts(self) -> dict[str, int]:
        """How many checks came to each status."""
        counted = Counter(one.verdict.status for one in self.results)
        return {status.value: counted[status] for status in Status}

    @property
    def bad(self) -> list[Result]:
        """The results that failed or could not be had."""
        return [one for one in self.results if one.verdict.status in BAD]

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``hipaa-results.json`` holds."""
        return {
            "schema": SCHEMA,
            "note": NOTE,
            "at": self.at,
            "tool_version": self.version,
            "subjects": list(self.subjects),
            "commit": self.commit,
            "environments_left_out": self.left_out,
            "counts": self.counts,
            "checks": [_one(result) for result in self.results],
        }


def _one(result: Result) -> dict[str, Any]:
    check, verdict = result.check, result.verdict
    return {
        "id": check.id,
        "title": check.title,
        "citation": check.citation,
        "target": check.target,
        "severity": check.severity,
        "limit": check.limit,
        "result": verdict.status.value,
        "reason": printable(verdict.reason),
        "findings": [
            {key: printable(value) if isinstance(value, str) else value for key, value in row}
            for row in (asdict(finding).items() for finding in verdict.findings)
        ],
        "notes": [printable(note) for note in verdict.notes],
    }
