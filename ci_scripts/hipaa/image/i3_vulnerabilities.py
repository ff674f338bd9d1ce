"""I3: no fixable vulnerability that matters, judged by fresh data over counted packages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from ...evidence import read_json
from ...gates.ages import is_older
from ...gates.scanners import trivy
from ...gates.store import GATES, parse
from ...gates.verdict import Outcome
from ...gates.verdict import Verdict as Gate
from ...gates.verdict import faults
from ..evidence import missing
from ..verdict import Finding, Verdict, judged
from .context import Scene


def check(scene: Scene) -> Verdict:
    """Read trivy's results and the gate's verdict on them."""
    documents = {name: read_json(scene.evidence / name) for name in (trivy.RESULTS, GATES)}
    for name, document in documents.items():
        if document is None:
            return missing(name, scene.evidence, asked_for=scene.evidence_named)
    scan, gate = trivy.read_scan(documents[trivy.RESULTS]), parse(documents[GATES]).get(trivy.NAME)
    now = datetime.now(timezone.utc)
    found = [
        *(Finding(text, trivy.RESULTS, 0, text) for text in scan_faults(scan)),
        *(Finding(text, GATES, 0, text) for text in gate_faults(gate, now)),
    ]
    return judged(found, scan.packages, "packages", *([f"{gate.told}."] if gate else []))


def scan_faults(scan: trivy.Scan) -> Iterator[str]:
    """Yield why a scan does not speak for the image. Pure."""
    yield from trivy.scan_faults(scan)
    yield from (f"{one.id} {one.text}" for one in scan.fixable)


def gate_faults(gate: Gate | None, now: datetime) -> Iterator[str]:
    """Yield why the gate does not count as passed. Pure.

    Raises:
        EvidenceError: the date of its data is none.
    """
    yield from faults(gate, trivy.NAME, GATES)
    if gate is not None and gate.verdict is Outcome.PASS:
        if not gate.data_date:
            yield f"the gate {trivy.NAME} does not say how old its data is"
        elif is_older(gate.data_date, trivy.OLDEST_DATA, now):
            yield f"the gate {trivy.NAME} used data of {gate.data_date}, older than 48 hours"
