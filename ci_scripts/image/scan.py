"""``iactl image scan``: the gate trivy over the archive, and its bill of materials."""

from __future__ import annotations

import json
import os
import shutil
import subprocess  # nosec B404 - trivy, without a shell
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .. import github
from ..checkout import find_checkout
from ..evidence import EvidenceError
from ..exits import CommandError, Exit, bad_input
from ..gates.allow import Entry, read_entries
from ..gates.catalogue import NAMES
from ..gates.reports.files import write_sarif
from ..gates.reports.summary import summary
from ..gates.scanners.trivy import NAME, RESULTS, judge, read_database, read_scan
from ..gates.store import GATES, forget, merge
from ..gates.verdict import Verdict, error
from ..hipaa.image.archive import ImageError, read_archive
from ..report import Report
from . import trivy
from .records import ARCHIVE, IMAGE, read_built

_SECONDS = 900  # a first run fetches all data, tens of megabytes
_SHOWN = 40  # findings


class ScannerError(Exception):
    """Trivy broke; the text says how."""


@dataclass(frozen=True)
class Request:
    """What was asked for.

    Attributes:
        project: the checkout's folder with the allow-list, or None for the current one.
        archive: the image's archive, or None for the one in the folder for the results.
        output: folder for the results.
    """

    project: Path | None
    archive: Path | None
    output: Path


def scan(request: Request) -> Report:
    """Scan the archive and judge what was found.

    Raises:
        CommandError: there is no archive or no scanner, or the folder cannot be written to.
    """
    started = time.monotonic()
    root = find_checkout(request.project).root
    now = datetime.now(timezone.utc)
    entries = read_entries(root, NAMES, now.date())
    archive = request.archive or request.output / ARCHIVE
    image_id = id_of(archive)
    program = shutil.which("trivy")
    if program is None:
        raise CommandError(
            Exit.BAD_INPUT,
            "There is no trivy on the PATH.",
            "Install Trivy; docs/image.md says how.",
        )
    results, bill = request.output / RESULTS, request.output / trivy.BILL
    forget(request.output / GATES, (NAME,))
    request.output.mkdir(parents=True, exist_ok=True)
    for old in (results, bill):
        old.unlink(missing_ok=True)
    try:
        verdict = _verdict(_run(program, archive, results, bill), image_id, now, entries)
    except (ScannerError, EvidenceError, ValueError) as problem:
        verdict = error(NAME, f"{problem}.")
    merge(request.output / GATES, [verdict], commit=_commit(request.output, image_id))
    write_sarif(request.output)
    github.add_summary(summary("Image scan", [verdict]))
    return _told(verdict, time.monotonic() - started)


def id_of(archive: Path) -> str:
    """Return the id of the image in an archive.

    Raises:
        CommandError: there is none.
    """
    if not archive.is_file():
        raise bad_input("--archive", str(archive), "the path of the image.tar that was built")
    try:
        return read_archive(archive, archive.name).id
    except ImageError as problem:
        raise CommandError(
            Exit.BAD_INPUT, f"{problem}.", "Build it again with 'iactl image build'."
        ) from problem


def _run(program: str, archive: Path, results: Path, bill: Path) -> tuple[Any, Any]:
    """Return the scan's document and what trivy says of itself."""
    _call(trivy.command(program, archive.resolve(), results.resolve()))
    about = json.loads(_call(trivy.version_command(program)))
    _call(trivy.bill_command(program, results.resolve(), bill.resolve()))
    return json.loads(results.read_text(encoding="utf-8")), about


def _verdict(
    ran: tuple[Any, Any], image_id: str, now: datetime, entries: Sequence[Entry]
) -> Verdict:
    document, about = ran
    version, data_date = read_database(about)
    found = read_scan(document)
    if found.image_id != image_id:
        reason = f"It scanned {found.image_id or 'no image'}, not {image_id}."
        return error(NAME, reason, tool_version=version)
    verdict = trivy.accept(judge(document, data_date, now, version), found, entries, now.date())
    return replace(verdict, notes=(*verdict.notes, f"Image id: {image_id}."))


def _call(command: list[str]) -> str:
    """Return what trivy prints; it runs in an empty folder, where no settings of its own lie."""
    try:
        with tempfile.TemporaryDirectory() as empty:
            done = subprocess.run(  # nosec B603 - a list, no shell
                command,
                cwd=empty,
                env=trivy.environment(os.environ),
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise ScannerError(f"trivy cannot be run: {problem}") from problem
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise ScannerError(f"trivy {command[1]} ended with {done.returncode}: {''.join(said)}")
    return done.stdout.decode(errors="replace")


def _commit(output: Path, image_id: str) -> str:
    if not (output / IMAGE).is_file():
        return ""
    built = read_built(output / IMAGE)
    return built.commit if built.image_id == image_id else ""


def _told(verdict: Verdict, seconds: float) -> Report:
    report = Report("image scan", "", message=f"{verdict.told}.", seconds=seconds)
    if verdict.blocks:
        report.exit = Exit.GATE_FAILED
        report.message = f"The gate trivy came to {verdict.verdict.value}: {verdict.reason}"
        report.next_step = "Mend what is named above; docs/image.md says what the gate asks for."
    report.details = [str(finding) for finding in verdict.findings[:_SHOWN]]
    if len(verdict.findings) > _SHOWN:
        report.details.append(f"… and {len(verdict.findings) - _SHOWN} more in {RESULTS}")
    report.details += verdict.notes
    report.data = {"verdict": verdict.verdict.value, "findings": len(verdict.findings)}
    return report
