"""``iactl hipaa``: choose what to look at, look, and report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from .. import __version__
from ..exits import CommandError, Exit
from ..report import Report
from . import NOTE
from .history import commit_range
from .project import GitError, Project, find_project
from .reports.files import LOG, write_reports
from .reports.record import Record
from .reports.text import counted
from .run import Look, run_checks
from .source.checks import CHECKS
from .source.context import Source


@dataclass(frozen=True)
class Request:
    """What was asked for.

    Attributes:
        source: whether to look at the project's source.
        project: its folder, or None for the current one.
        evidence: folder with the gates' results, or None for the project's.
        history: range of commits to look at too, or an empty string.
        output: folder for the reports.
    """

    source: bool
    project: Path | None
    evidence: Path | None
    history: str
    output: Path


def run(request: Request) -> Report:
    """Run the checks and write their reports.

    Raises:
        CommandError: there is nothing to look at, or the reports cannot be written.
    """
    started = time.monotonic()
    if not request.source:
        raise CommandError(
            Exit.BAD_INPUT, "Nothing to look at was named.", "Add --source, --image REF or both."
        )
    project = find_project(request.project)
    subjects = [project.root.name]
    looks = _source_looks(request, project)
    record = Record(
        subjects=tuple(subjects),
        commit=_commit(project),
        at=f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        version=__version__,
        left_out=project.settings.environments_left_out,
        results=run_checks(looks, project.settings, datetime.now(timezone.utc).date()),
    )
    write_reports(record, request.output)
    report = told(record, request.output / LOG)
    report.seconds = time.monotonic() - started
    return report


def told(record: Record, log: Path) -> Report:
    """Return what the command prints of a run. Pure."""
    report = Report("hipaa", "", message=f"{counted(record)}; {NOTE}.")
    report.data = record.to_json()
    for result in record.bad:
        verdict = result.verdict
        report.details.append(f"{verdict.status.value} {result.check.id}: {verdict.reason}")
        report.details += [f"  {finding}" for finding in verdict.findings]
    if record.bad:
        report.exit = Exit.GATE_FAILED
        report.next_step = f"Mend what is named above; {log} tells more about each check."
    return report


def _source_looks(request: Request, project: Project) -> dict[str, Look]:
    source = Source(
        project=project,
        evidence=request.evidence or project.root,
        evidence_named=request.evidence is not None,
        history=commit_range(request.history),
    )
    return {name: partial(check, source) for name, check in CHECKS.items()}


def _commit(project: Project) -> str:
    try:
        return project.git("rev-parse", "HEAD").decode().strip()
    except GitError:
        return ""
