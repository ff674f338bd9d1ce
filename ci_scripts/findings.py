"""``iactl notify findings``: what a scan found, told to those who are to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .environments import Environment
from .evidence import EvidenceError
from .exits import Exit
from .gates.store import GATES, read
from .gates.verdict import Verdict
from .notifications import NONE, SENT, tell
from .report import Report

_EVENT = "scan_findings"
_SHOWN = 12  # gates in one message


@dataclass(frozen=True)
class Scan:
    """What one job of a scan left: the gates in one folder.

    Attributes:
        name: the folder's name, which is the artifact's, such as ``security-scan-main``.
        verdicts: what its gates came to; none where it left nothing.
        fault: why they cannot be read, or an empty string.
    """

    name: str
    verdicts: tuple[Verdict, ...] = ()
    fault: str = ""


def tell_findings(environment: Environment, evidence: Path, expected: Sequence[str]) -> Report:
    """Tell what the scans found to every channel of an environment; nobody, when it is nothing.

    Args:
        evidence: folder with one folder per scan.
        expected: names of scans that must be there; a scan that is missing is a finding.
    """
    scans = read_scans(evidence, expected)
    report = Report("notify findings", environment.name)
    report.details = [line for scan in scans for line in findings(scan)]
    report.data = {"notify": NONE, "scans": [scan.name for scan in scans]}
    if not report.details:
        report.message = f"Nothing was found in {len(scans)} scans, so nobody is told."
        return report
    facts = {"message": _message(report.details), "next_step": "Read the run's summary."}
    _, told = tell(environment.folder, _EVENT, facts, {})
    report.data["notify"] = told.state
    report.message = f"{_counted(len(report.details))} told: {told.state}."
    if told.state != SENT:
        report.exit = Exit.GATE_FAILED
        report.message = f"{_counted(len(report.details))}, and not everybody could be told."
        report.next_step = f"Try the channels: iactl notify test {environment.name}"
    return report


def read_scans(evidence: Path, expected: Sequence[str]) -> list[Scan]:
    """Return the scans in a folder, and those that should be there."""
    there = (
        {path.name for path in evidence.iterdir() if path.is_dir()} if evidence.is_dir() else set()
    )
    return [_scan(evidence / name) for name in sorted(there | set(expected))]


def findings(scan: Scan) -> list[str]:
    """Return what is to be told of a scan, one line per gate. Pure."""
    if scan.fault:
        return [f"{scan.name}: {scan.fault}"]
    if not scan.verdicts:
        return [f"{scan.name}: it left no verdict, so nothing was looked at"]
    return [
        f"{scan.name}: {one.gate}: {one.verdict.value}: {one.reason}"
        for one in scan.verdicts
        if one.blocks
    ]


def _scan(folder: Path) -> Scan:
    try:
        found: Mapping[str, Verdict] = read(folder / GATES)
    except EvidenceError as error:
        return Scan(folder.name, fault=str(error))
    return Scan(folder.name, tuple(found.values()))


def _message(lines: list[str]) -> str:
    left = len(lines) - _SHOWN
    shown = lines[:_SHOWN] + ([f"and {left} more"] if left > 0 else [])
    return f"{_counted(len(lines))} in the scan. " + "; ".join(shown)


def _counted(number: int) -> str:
    return "1 finding" if number == 1 else f"{number} findings"
