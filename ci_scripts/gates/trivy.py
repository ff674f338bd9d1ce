"""Trivy: known vulnerabilities in an image. Pure.

Measured with Trivy 0.76: it exits 0 with findings; on a system that it does not know, and on one
that gets no fixes any more, it finds nothing; with ``--skip-db-update`` it takes data of any age.
So a pass needs a known system that is maintained, counted packages and fresh data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from ..evidence import EvidenceError
from .ages import is_older
from .allow import Entry, apply_entries
from .verdict import Finding, Outcome, Verdict, counted, error, judged

GATE = "trivy"
RESULTS, BILL = "trivy-results.json", "sbom.cdx.json"
OLDEST = timedelta(hours=48)
_SCHEMA = 2
_BAD = frozenset(("HIGH", "CRITICAL"))
# Where its data comes from is the machine's business. Nothing else of its environment is: a
# variable such as TRIVY_SEVERITY, or a trivy.yaml, would leave findings out without a word.
_PASSED = frozenset(
    f"TRIVY_{name}"
    for name in (
        *("CACHE_DIR", "DB_REPOSITORY", "JAVA_DB_REPOSITORY", "TIMEOUT", "USERNAME", "PASSWORD"),
        *("SKIP_DB_UPDATE", "SKIP_JAVA_DB_UPDATE", "OFFLINE_SCAN"),
    )
)


@dataclass(frozen=True)
class Tool:
    """The scanner that ran.

    Attributes:
        version: its version.
        data_date: when its data was made (ISO 8601), or an empty string when it does not say.
    """

    version: str
    data_date: str


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
    """Return the scanner's environment: this one without the variables that change what it says."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith("TRIVY_") or name in _PASSED
    }


def read_tool(document: Any) -> Tool:
    """Return what ``trivy version`` says.

    Raises:
        EvidenceError: it cannot be understood.
    """
    try:
        data = document.get("VulnerabilityDB") or {}
        return Tool(str(document["Version"]), str(data.get("UpdatedAt") or ""))
    except (KeyError, AttributeError, TypeError) as problem:
        raise EvidenceError(f"'trivy version' cannot be understood: {problem!r}") from problem


def judge(document: Any, tool: Tool, image_id: str, now: datetime) -> Verdict:
    """Return what a scan came to.

    Args:
        image_id: the id of the image that was to be scanned.
    """
    try:
        results = document.get("Results") or []
        packages = sum(len(one.get("Packages") or []) for one in results)
        reason = next(_faults(document, packages, tool, image_id, now), "")
        if reason:
            return error(GATE, reason, tool_version=tool.version)
        return judged(
            GATE,
            [*_old_system(document["Metadata"]["OS"]), *(f for f, _ in _found(results))],
            packages,
            "packages",
            tool_version=tool.version,
            data_date=tool.data_date,
            notes=[f"Image id: {image_id}."],
        )
    except (KeyError, AttributeError, TypeError, EvidenceError) as problem:
        reason = f"{RESULTS} cannot be understood: {problem!r}."
        return error(GATE, reason, tool_version=tool.version)


def accept(verdict: Verdict, document: Any, entries: Sequence[Entry], today: date) -> Verdict:
    """Return a verdict without the findings that are accepted; what has a fix never is."""
    if verdict.verdict not in (Outcome.PASS, Outcome.FAIL):
        return verdict
    fixable = {finding for finding, fix in _found(document.get("Results") or []) if fix}
    mended = tuple(one for one in verdict.findings if one in fixable)
    rest = tuple(one for one in verdict.findings if one not in fixable)
    judged_rest = apply_entries(replace(verdict, findings=rest), entries, today)
    if not mended:
        return judged_rest
    findings = (*mended, *judged_rest.findings)
    reason = f"{counted(findings)} in {verdict.scanned} packages, {len(mended)} of them with a fix."
    return replace(judged_rest, verdict=Outcome.FAIL, findings=findings, reason=reason)


def _faults(
    document: dict[str, Any], packages: int, tool: Tool, image_id: str, now: datetime
) -> Iterator[str]:
    """Yield why a scan says nothing about the image."""
    metadata = document["Metadata"]
    if document.get("SchemaVersion") != _SCHEMA:
        yield f"{RESULTS} has not schema {_SCHEMA}."
    scanned = str(metadata.get("ImageID") or "no image")
    if scanned != image_id:
        yield f"It scanned {scanned}, not {image_id}."
    if not (metadata.get("OS") or {}).get("Family"):
        yield "It did not recognise the operating system, so it found nothing for it."
    if packages == 0:
        yield "It looked at no package."
    if not tool.data_date:
        yield "It does not say how old its data is."
    elif is_older(tool.data_date, OLDEST, now):
        yield f"Its data is of {tool.data_date}, older than {OLDEST.days * 24} hours."


def _old_system(system: dict[str, Any]) -> Iterator[Finding]:
    if system.get("EOSL"):
        name = f"{system['Family']} {system.get('Name', '')}".strip()
        yield Finding("end-of-life", f"{name} gets no security fixes any more", name, "", 0, "HIGH")


def _found(results: list[dict[str, Any]]) -> Iterator[tuple[Finding, bool]]:
    """Yield the vulnerabilities that matter, each with whether it has a fix."""
    for result in results:
        for one in result.get("Vulnerabilities") or []:
            severity, fix = str(one["Severity"]), str(one.get("FixedVersion") or "")
            if severity in _BAD:
                told = f"fixed in {fix}" if fix else "no fix yet"
                text = f"{severity} in version {one.get('InstalledVersion', '')}: {told}"
                subject = str(one["PkgName"])
                yield Finding(str(one["VulnerabilityID"]), text, subject, "", 0, severity), bool(
                    fix
                )
