"""trivy: known vulnerabilities of an image, judged; ``iactl image scan`` runs it.

It ends with 0 whatever it finds. ``Results`` may be missing, and an operating system that it does
not know has no vulnerabilities. So the gate wants the system's name, packages (``--list-all-pkgs``)
and a database of at most 48 hours. What has no fix yet needs the allow-list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ...evidence import EvidenceError
from ..ages import is_older
from ..verdict import Finding, Verdict, error, judged

NAME, RESULTS = "trivy", "trivy-results.json"
OLDEST_DATA = timedelta(hours=48)
_BAD = frozenset(("HIGH", "CRITICAL"))


@dataclass(frozen=True)
class Scan:
    """One scan of an image, as ``trivy-results.json`` (schema version 2) has it.

    Attributes:
        image_id: the image's own id, by its configuration.
        system: the operating system's family, an empty string when trivy did not know it.
        outdated: whether that system gets no advisories any more.
        packages: how many packages it looked at.
        fixable: vulnerabilities of severity HIGH or CRITICAL that have a fix.
        unfixable: those that have none.
        others: how many there are of lower severity.
    """

    image_id: str
    system: str
    outdated: bool
    packages: int
    fixable: tuple[Finding, ...]
    unfixable: tuple[Finding, ...]
    others: int
    digests: frozenset[str]


def read_scan(document: Any) -> Scan:
    """Return what a result file says. Pure.

    Raises:
        EvidenceError: it is none of trivy's result files.
    """
    try:
        metadata = document["Metadata"]
        results = document.get("Results") or []
        rows = [row for one in results for row in one.get("Vulnerabilities") or []]
        bad = [row for row in rows if row["Severity"] in _BAD]
        return Scan(
            image_id=str(metadata.get("ImageID") or ""),
            system=_system(metadata),
            outdated=bool((metadata.get("OS") or {}).get("EOSL")),
            packages=sum(len(one.get("Packages") or []) for one in results),
            fixable=tuple(_finding(row) for row in bad if row.get("FixedVersion")),
            unfixable=tuple(_finding(row) for row in bad if not row.get("FixedVersion")),
            others=len(rows) - len(bad),
            digests=frozenset(
                str(one).rpartition("@")[2] for one in metadata.get("RepoDigests") or []
            ),
        )
    except (KeyError, TypeError, AttributeError) as problem:
        raise EvidenceError(f"{RESULTS} cannot be understood: {problem!r}") from problem


def read_database(document: Any) -> tuple[str, str]:
    """Return trivy's version and its database's date from ``trivy version --format json``. Pure.

    Raises:
        EvidenceError: there is no database, or it does not say its date.
    """
    try:
        updated = str(document["VulnerabilityDB"]["UpdatedAt"])
        return str(document["Version"]), updated
    except (KeyError, TypeError) as problem:
        raise EvidenceError("trivy names no vulnerability database with a date") from problem


def scan_faults(scan: Scan) -> Iterator[str]:
    """Yield why a scan does not speak for its image. Pure."""
    if not scan.system:
        yield "trivy did not recognise the operating system, so it found nothing for it"
    if scan.packages == 0:
        yield "trivy looked at no package; it needs --list-all-pkgs"


def judge(document: Any, data_date: str, now: datetime, tool_version: str = "") -> Verdict:
    """Return the verdict on ``trivy-results.json``. Pure.

    Args:
        data_date: the database's date (ISO 8601), see ``read_database``.
        now: this moment, with its zone.

    Raises:
        EvidenceError: the document is none of trivy's, or the date is none.
    """
    scan = read_scan(document)
    faults = list(scan_faults(scan))
    if not scan.image_id:
        faults.append("trivy does not say which image it looked at")
    if is_older(data_date, OLDEST_DATA, now):
        faults.append(f"trivy's database is of {data_date}, older than 48 hours")
    if faults:
        return error(NAME, f"{'; '.join(faults)}.", tool_version=tool_version)
    notes = (f"{scan.others} of lower severity, see {RESULTS}.",) if scan.others else ()
    return judged(
        NAME,
        [*scan.fixable, *scan.unfixable, *_outdated(scan)],
        scan.packages,
        "packages",
        tool_version=tool_version,
        data_date=data_date,
        notes=notes,
    )


def _outdated(scan: Scan) -> Iterator[Finding]:
    if scan.outdated:
        text = f"{scan.system} of the image gets no advisories any more, so few are found"
        yield Finding("end-of-life", text, scan.system)


def _system(metadata: dict[str, Any]) -> str:
    family = str((metadata.get("OS") or {}).get("Family") or "")
    return "" if family == "none" else family


def _finding(row: dict[str, Any]) -> Finding:
    fixed = row.get("FixedVersion")
    installed = f"{row['PkgName']} {row.get('InstalledVersion', '')}".strip()
    text = f"({row['Severity']}) in {installed}: {f'fixed in {fixed}' if fixed else 'no fix yet'}"
    return Finding(
        id=str(row["VulnerabilityID"]),
        text=text,
        subject=str(row["PkgName"]),
        path=str(row.get("PkgPath") or ""),
        severity=str(row["Severity"]),
    )
