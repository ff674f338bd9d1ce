"""``iactl hipaa``: choose what to look at, look, and report."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from iadeploy.reference import is_digest

from .. import __version__
from ..exits import CommandError, Exit, bad_input
from ..gates.file_names import shown
from ..git import head
from ..report import Report
from . import NOTE
from .history import commit_range
from .image.archive import Image
from .image.checks import CHECKS as IMAGE_CHECKS
from .image.context import Scene
from .image.find import image_named
from .project import Project, find_project
from .reports.files import LOG, write_reports
from .reports.record import Record
from .reports.text import counted
from .run import Look, run_checks
from .source.checks import CHECKS as SOURCE_CHECKS
from .source.context import Source


@dataclass(frozen=True)
class Request:
    """What was asked for.

    Attributes:
        source: whether to look at the project's source.
        image: an image's reference or archive to look at, or an empty string.
        project: the project's folder, or None for the current one.
        evidence: folder with the gates' results, or None for the project's.
        history: range of commits to look at too, or an empty string.
        pushed: digest that was pushed, or an empty string.
        output: folder for the reports.
    """

    source: bool
    image: str
    project: Path | None
    evidence: Path | None
    history: str
    pushed: str
    output: Path


def run(request: Request) -> Report:
    """Run the checks and write their reports.

    Raises:
        CommandError: there is nothing to look at, it cannot be read, or the reports cannot be
            written.
    """
    started = time.monotonic()
    if not request.source and not request.image:
        raise CommandError(
            Exit.BAD_INPUT, "Nothing to look at was named.", "Add --source, --image REF or both."
        )
    if request.pushed and not is_digest(request.pushed):
        raise bad_input("--pushed-digest", request.pushed, "sha256: and 64 hex digits")
    project = find_project(request.project)
    with ExitStack() as stack:
        looks: dict[str, Look] = {}
        subjects: list[str] = []
        if request.source:
            looks |= _source_looks(request, project)
            subjects.append(project.root.name)
        if request.image:
            image = stack.enter_context(image_named(request.image))
            looks |= _image_looks(request, project, image)
            subjects.append(f"{image.name} ({image.id})")
        now = datetime.now(timezone.utc)
        record = Record(
            subjects=tuple(map(shown, subjects)),
            commit=head(project.root) if request.source else "",
            at=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            version=__version__,
            left_out=project.settings.environments_left_out if request.source else {},
            results=run_checks(looks, project.settings, now.date()),
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
    return {name: partial(check, source) for name, check in SOURCE_CHECKS.items()}


def _image_looks(request: Request, project: Project, image: Image) -> dict[str, Look]:
    scene = Scene(
        image=image,
        evidence=request.evidence or project.root,
        evidence_named=request.evidence is not None,
        pushed=request.pushed,
    )
    return {name: partial(check, scene) for name, check in IMAGE_CHECKS.items()}
