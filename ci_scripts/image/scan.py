"""``iactl image scan``: the gate trivy over the archive, and its bill of materials."""

from __future__ import annotations

import json
import os
import shutil
import subprocess  # nosec B404 - trivy, without a shell
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .. import github
from ..checkout import find_checkout
from ..evidence import EvidenceError
from ..exits import CommandError, Exit, bad_input
from ..gates import trivy
from ..gates.allow import read_entries
from ..gates.store import GATES, forget, merge
from ..gates.verdict import Verdict, error
from ..hipaa.image.archive import ImageError, read_archive
from ..markdown import cell, row
from ..report import Report
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
    entries = read_entries(root, (trivy.GATE,), now.date())
    archive = request.archive or request.output / ARCHIVE
    image_id = id_of(archive)
    program = shutil.which("trivy")
    if program is None:
        raise CommandError(
            Exit.BAD_INPUT,
            "There is no trivy on the PATH.",
            "Install Trivy; docs/image.md says how.",
        )
    results, bill = request.output / trivy.RESULTS, request.output / trivy.BILL
    forget(request.output / GATES, (trivy.GATE,))
    request.output.mkdir(parents=True, exist_ok=True)
    for old in (results, bill):
        old.unlink(missing_ok=True)
    try:
        document, tool = _run(program, archive, results, bill)
        verdict = trivy.judge(document, tool, image_id, now)
        verdict = trivy.accept(verdict, document, entries, now.date())
    except (ScannerError, EvidenceError) as problem:
        verdict = error(trivy.GATE, f"{problem}.")
    merge(request.output / GATES, [verdict], commit=_commit(request.output, image_id))
    github.add_summary(_summary(verdict))
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


def _run(program: str, archive: Path, results: Path, bill: Path) -> tuple[Any, trivy.Tool]:
    _call(trivy.command(program, archive.resolve(), results.resolve()))
    tool = trivy.read_tool(json.loads(_call(trivy.version_command(program))))
    _call(trivy.bill_command(program, results.resolve(), bill.resolve()))
    return json.loads(results.read_text(encoding="utf-8")), tool


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
        report.details.append(f"… and {len(verdict.findings) - _SHOWN} more in {trivy.RESULTS}")
    report.details += verdict.notes
    report.data = {"verdict": verdict.verdict.value, "findings": len(verdict.findings)}
    return report


def _summary(verdict: Verdict) -> str:
    lines = [f"### Image scan: {verdict.verdict.value}", "", cell(verdict.reason), ""]
    if verdict.findings:
        lines += [row(("vulnerability", "package", "what")), row(("---",) * 3)]
        lines += [
            row((cell(one.id), cell(one.subject), cell(one.text)))
            for one in verdict.findings[:_SHOWN]
        ]
    return "\n".join(lines) + "\n\n"
