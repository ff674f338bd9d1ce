"""I4: what was scanned is what was pushed; its bill of materials is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...evidence import read_json
from ...gates.scanners.trivy import RESULTS as TRIVY
from ...gates.scanners.trivy import Scan, read_scan
from ..evidence import missing
from ..verdict import Finding, Verdict, judged, not_tested, together
from .archive import Image
from .context import Scene

_BILLS = ("sbom*.json", "*.cdx.json", "*.spdx.json")


@dataclass(frozen=True)
class Bill:
    """A bill of materials in CycloneDX or SPDX.

    Attributes:
        text: its whole text.
        parts: how many components it lists.
    """

    name: str
    text: str
    parts: int


def check(scene: Scene) -> Verdict:
    """Compare the image with the scan, with the pushed digest, and with the bill of materials."""
    document = read_json(scene.evidence / TRIVY)
    if document is None:
        return missing(TRIVY, scene.evidence, asked_for=scene.evidence_named)
    scan, bill = read_scan(document), _bill(scene.evidence)
    known = scene.image.digests | scan.digests
    found = [
        *scan_faults(scene.image, scan),
        *pushed_faults(scene.pushed, known),
        *bill_faults(bill, scene.image.id, known),
    ]
    verdict = judged(found, 3, "names of the image", f"Image id: {scene.image.id}.")
    if scene.pushed and known:
        return verdict
    left_out = not_tested(
        "No registry's digest of this image is known here to compare with."
        if scene.pushed
        else "No --pushed-digest was named, so what is deployed is not compared."
    )
    return together([("", verdict), ("", left_out)]) if found else left_out


def scan_faults(image: Image, scan: Scan) -> Iterator[Finding]:
    """Yield whether another image was scanned. Pure."""
    if scan.image_id != image.id:
        said = f"the scan is of {scan.image_id or 'no image'}, not of {image.id}"
        yield Finding(said, TRIVY, 0, "another image")


def pushed_faults(pushed: str, known: frozenset[str]) -> Iterator[Finding]:
    """Yield whether another image was pushed. Pure."""
    if pushed and known and pushed not in known:
        said = f"{pushed} was pushed; this image is known as {', '.join(sorted(known))}"
        yield Finding(said, "--pushed-digest", 0, "another digest")


def bill_faults(bill: Bill | None, image_id: str, known: frozenset[str]) -> Iterator[Finding]:
    """Yield what is wrong with the bill of materials. Pure."""
    if bill is None:
        yield Finding("no bill of materials is kept", " or ".join(_BILLS), 0, "no bill")
    elif bill.parts == 0:
        yield Finding("lists no component", bill.name, 0, "empty bill")
    elif not any(name in bill.text for name in (image_id, *known)):
        yield Finding("is of another image", bill.name, 0, "another bill")


def _bill(folder: Path) -> Bill | None:
    found = sorted({path for pattern in _BILLS for path in folder.glob(pattern)})
    if not found:
        return None
    document: dict[str, Any] = read_json(found[0])
    parts = document.get("components") or document.get("packages") or []
    return Bill(found[0].name, json.dumps(document), len(parts))
