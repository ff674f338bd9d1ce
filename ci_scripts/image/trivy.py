"""Running Trivy on an archive, and what its gate accepts. Pure; the judge is the gates'.

Measured with Trivy 0.76: whatever it finds it ends with 0, and it takes settings from its
environment and from the folder it runs in that leave findings out without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from ..gates.allow import Entry, apply_entries
from ..gates.scanners.trivy import Scan
from ..gates.verdict import Outcome, Verdict, counted

BILL = "sbom.cdx.json"
# Where its data comes from is the machine's business; TRIVY_SEVERITY and the like are not.
_PASSED = frozenset(
    f"TRIVY_{name}"
    for name in (
        *("CACHE_DIR", "DB_REPOSITORY", "JAVA_DB_REPOSITORY", "TIMEOUT", "USERNAME", "PASSWORD"),
        *("SKIP_DB_UPDATE", "SKIP_JAVA_DB_UPDATE", "OFFLINE_SCAN"),
    )
)


def command(program: str, archive: Path, results: Path) -> list[str]:
    """Return the command line that scans an archive."""
    options = ["--scanners", "vuln", "--list-all-pkgs", "--format", "json", "--no-progress"]
    # The allow-list of the gates is the only one.
    options += ["--ignorefile", "", "--output", str(results)]
    return [program, "image", "--input", str(archive), *options]


def bill_command(program: str, results: Path, bill: Path) -> list[str]:
    """Return the command line that makes a bill of materials of a scan's results."""
    return [program, "convert", "--format", "cyclonedx", "--output", str(bill), str(results)]


def version_command(program: str) -> list[str]:
    """Return the command line that tells the version of the scanner and of its data."""
    return [program, "version", "--format", "json"]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the variables that change what the scanner says."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith("TRIVY_") or name in _PASSED
    }


def accept(verdict: Verdict, scan: Scan, entries: Sequence[Entry], today: date) -> Verdict:
    """Return a verdict without the findings that are accepted; what has a fix never is."""
    mended = tuple(one for one in verdict.findings if one in scan.fixable)
    rest = tuple(one for one in verdict.findings if one not in scan.fixable)
    judged = apply_entries(replace(verdict, findings=rest), entries, today)
    if not mended or verdict.verdict is not Outcome.FAIL:
        return judged
    findings = (*mended, *judged.findings)
    reason = f"{counted(findings)} in {verdict.scanned} packages, {len(mended)} of them with a fix."
    return replace(judged, verdict=Outcome.FAIL, findings=findings, reason=reason)
