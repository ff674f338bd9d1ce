"""``iactl ci verify-production``: every rule over the evidence, and what they came to together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from .. import github
from ..evidence import EvidenceError
from ..exits import Exit, bad_input
from ..gates.reports.summary import summary
from ..gates.store import forget, merge
from ..gates.verdict import Verdict, error
from ..image.records import RELEASE, Pushed, read_pushed
from ..report import Report
from . import evidence as documents
from .collect import collect
from .evidence import Evidence
from .rules import approval, backup, head, hipaa, scan, staging, weekly
from .rules.common import Case
from .settings import settings

FILE = "production-verdicts.json"
Rule = Callable[[Evidence, Case], Verdict]
RULES: dict[str, Rule] = {
    staging.RULE: lambda there, case: staging.judge(
        there.one(documents.HISTORY), there.one(documents.STATUS), case
    ),
    scan.RULE: lambda there, case: scan.judge(
        there.one(documents.TRIVY), there.all(documents.GATES), case
    ),
    weekly.RULE: lambda there, case: weekly.judge(there.weekly(documents.GATES), case),
    head.RULE: lambda there, case: head.judge(there.one(documents.HEAD), case),
    backup.RULE: lambda there, case: backup.judge(there.one(documents.BACKUP), case),
    hipaa.RULE: lambda there, case: hipaa.judge(there.all(documents.HIPAA), case),
    approval.RULE: lambda there, case: approval.judge(there.one(documents.APPROVAL), case),
}


@dataclass(frozen=True)
class Request:
    """What was asked for.

    Attributes:
        evidence: folder with the documents.
        release: the record of the release that is to go to production.
        output: folder for the verdicts.
        changes: limits as ``NAME=VALUE``.
        approver: who approved, or an empty string to ask GitHub.
    """

    evidence: Path
    release: Path = Path(RELEASE)
    output: Path = Path(".")
    changes: tuple[str, ...] = ()
    approver: str = ""


def verify(request: Request, environ: Mapping[str, str] = os.environ) -> Report:
    """Judge everything, and write the verdicts.

    Raises:
        CommandError: an option is not allowed, or there is no record of a release.
    """
    started = time.monotonic()
    if not request.evidence.is_dir():
        raise bad_input("--evidence", str(request.evidence), "the folder with the evidence")
    limits = settings(request.changes)
    release = read_pushed(request.release)
    forget(request.output / FILE, list(RULES))
    remarks = collect(request.evidence, release, limits.branch, request.approver, environ)
    case = Case(release, limits, datetime.now(timezone.utc))
    verdicts = judge_all(Evidence(request.evidence), case)
    merge(request.output / FILE, verdicts, commit=release.commit)
    report = told(verdicts, release, remarks)
    report.seconds = time.monotonic() - started
    _tell_github(Evidence(request.evidence), report, verdicts)
    return report


def judge_all(there: Evidence, case: Case) -> list[Verdict]:
    """Return every rule's verdict; one that cannot be judged is an error and stops no other."""
    return list(_judged(there, case))


def _judged(there: Evidence, case: Case) -> Iterator[Verdict]:
    for name, rule in RULES.items():
        try:
            yield rule(there, case)
        except EvidenceError as problem:
            yield error(name, f"{problem}.")
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            yield error(name, f"Its document cannot be understood: {problem!r}.")


def told(verdicts: Sequence[Verdict], release: Pushed, remarks: Sequence[str]) -> Report:
    """Return what the command prints. Pure."""
    report = Report("ci verify-production", "production")
    blocking = [one for one in verdicts if one.blocks]
    report.message = f"{release.image} may go to production: {len(verdicts)} rules passed."
    if blocking:
        report.exit = Exit.GATE_FAILED
        report.message = (
            f"{release.image} may not go to production:"
            f" {len(blocking)} of {len(verdicts)} rules did not pass."
        )
        report.next_step = "docs/production.md says, rule by rule, what to do."
        report.details = [line for one in blocking for line in _lines(one)] + list(remarks)
    report.data = {"verdicts": {one.gate: one.verdict.value for one in verdicts}}
    return report


def _lines(one: Verdict) -> Iterator[str]:
    if one.findings:
        yield from (f"{one.gate}: {finding.text}" for finding in one.findings)
    else:
        yield f"{one.gate}: {one.verdict.value}: {one.reason}"


def _tell_github(there: Evidence, report: Report, verdicts: Sequence[Verdict]) -> None:
    github.add_summary(summary("Production's verification", verdicts))
    if report.exit is Exit.DONE:
        # Notifications name the approver by it.
        github.set_environment("IADEPLOY_APPROVER", str(there.one(documents.APPROVAL)["approver"]))
