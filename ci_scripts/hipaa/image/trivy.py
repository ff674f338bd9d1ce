"""What trivy found, as ``trivy-results.json`` has it (its schema version 2). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...evidence import EvidenceError

FILE = "trivy-results.json"
_BAD = frozenset(("HIGH", "CRITICAL"))


@dataclass(frozen=True)
class Scan:
    """One scan of an image.

    Attributes:
        image_id: the image's own id, by its configuration.
        system: the operating system's family, an empty string when trivy did not know it.
        packages: how many packages it looked at.
        fixable: vulnerabilities of severity HIGH or CRITICAL that have a fix, one line each.
    """

    image_id: str
    system: str
    packages: int
    fixable: tuple[str, ...]
    digests: frozenset[str]


def read_scan(document: Any) -> Scan:
    """Return what a result file says.

    Raises:
        EvidenceError: it is none of trivy's result files.
    """
    try:
        metadata = document["Metadata"]
        results = document.get("Results") or []
        return Scan(
            image_id=str(metadata.get("ImageID") or ""),
            system=str((metadata.get("OS") or {}).get("Family") or ""),
            packages=sum(len(one.get("Packages") or []) for one in results),
            fixable=tuple(line for one in results for line in _fixable(one)),
            digests=frozenset(
                str(one).rpartition("@")[2] for one in metadata.get("RepoDigests") or []
            ),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise EvidenceError(f"{FILE} cannot be understood: {error!r}") from error


def _fixable(result: dict[str, Any]) -> Iterator[str]:
    for one in result.get("Vulnerabilities") or []:
        if one.get("FixedVersion") and one["Severity"] in _BAD:
            yield (
                f"{one['VulnerabilityID']} ({one['Severity']}) in {one['PkgName']}"
                f" {one.get('InstalledVersion', '')}: fixed in {one['FixedVersion']}"
            )
