"""bandit: dangerous calls in Python source.

It ends with 0 for a file that is not there and for one that it cannot parse, and a comment
``# nosec`` silences it without an end. So the gate names every file, wants to see each of them in
the metrics, and has comments ignored: the allow-list is the one way past it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ...evidence import EvidenceError, read_json
from .. import tool
from ..job import Job
from ..verdict import Finding, Verdict, error, judged

NAME, RESULTS = "bandit", "bandit-results.json"
_SURE = frozenset(("MEDIUM", "HIGH"))


def run(job: Job) -> Verdict:
    """Look at the project's Python source."""
    files = job.project.within(job.project.settings.scan.source, ".py")
    if not files:
        return error(NAME, f"There is no Python source in {job.project.root}.")
    results = job.output / RESULTS
    ran = tool.run(command(files, results), job.project.root)
    document = read_json(results)
    if document is None:
        raise tool.ToolBroke(f"bandit left no results: {ran.last_words}")
    return judge(document, files, tool.version(NAME))


def command(files: Iterable[str], results: Path) -> list[str]:
    """Return how to start it."""
    options = ["--quiet", "--ignore-nosec", "--format", "json", "--output", str(results)]
    return [*tool.module(NAME), *options, "--", *files]


def judge(document: Any, files: Iterable[str], tool_version: str = "") -> Verdict:
    """Return the verdict on ``bandit-results.json``. Pure.

    Args:
        files: what it was to look at.

    Raises:
        EvidenceError: the document is none of bandit's.
    """
    try:
        errors = [f"{one['filename']}: {one['reason']}" for one in document["errors"]]
        metrics = document["metrics"]
        seen = {_relative(name) for name in metrics if name != "_totals"}
        missed = [name for name in files if name not in seen]
        if errors or missed:
            left_out = errors or [f"{name}: not looked at" for name in missed]
            return error(NAME, f"{_first(left_out)}.", tool_version=tool_version)
        lines = int(metrics["_totals"]["loc"])
        findings = list(_findings(document["results"]))
        others = len(document["results"]) - len(findings)
    except (KeyError, TypeError, AttributeError) as problem:
        raise EvidenceError(f"{RESULTS} cannot be understood: {problem!r}") from problem
    notes = (f"{others} of lower severity or confidence, see {RESULTS}.",) if others else ()
    if lines == 0:
        return error(NAME, "The files hold no line of code.", tool_version=tool_version)
    return judged(NAME, findings, len(seen), "files", tool_version=tool_version, notes=notes)


def _findings(results: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    for one in results:
        if one["issue_severity"] == "HIGH" and one["issue_confidence"] in _SURE:
            path = _relative(one["filename"])
            yield Finding(
                id=one["test_id"],
                text=one["issue_text"],
                subject=path,
                path=path,
                line=one["line_number"],
                severity=one["issue_severity"],
            )


def _relative(name: str) -> str:
    return str(PurePosixPath(name))


def _first(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{texts[0]}, and {len(texts) - 1} more"
