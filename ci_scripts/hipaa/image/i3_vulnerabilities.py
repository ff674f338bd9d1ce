"""I3: no fixable vulnerability that matters, judged by fresh data over counted packages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from ...evidence import read_json
from ...gates.ages import is_older
from ...gates.store import GATES, parse
from ...gates.verdict import Outcome
from ...gates.verdict import Verdict as Gate
from ...gates.verdict import faults
from ..evidence import missing
from ..verdict import Finding, Verdict, judged
from .context import Scene
from .trivy import FILE as TRIVY
from .trivy import Scan, read_scan

_GATE = "trivy"
_OLDEST = timedelta(hours=48)


def check(scene: Scene) -> Verdict:
    """Read trivy's results and the gate's verdict on them."""
    documents = {name: read_json(scene.evidence / name) for name in (TRIVY, GATES)}
    for name, document in documents.items():
        if document is None:
            return missing(name, scene.evidence, asked_for=scene.evidence_named)
    scan, gate = read_scan(documents[TRIVY]), parse(documents[GATES]).get(_GATE)
    now = datetime.now(timezone.utc)
    found = [
        *(Finding(text, TRIVY, 0, text) for text in scan_faults(scan)),
        *(Finding(text, GATES, 0, text) for text in gate_faults(gate, now)),
    ]
    return judged(found, scan.packages, "packages", *([f"{gate.told}."] if gate else []))


def scan_faults(scan: Scan) -> Iterator[str]:
    """Yield why a scan does not speak for the image. Pure."""
    if not scan.system:
        yield "trivy did not recognise the operating system, so it found nothing for it"
    if scan.packages == 0:
        yield "trivy looked at no package; it needs --list-all-pkgs"
    yield from scan.fixable


def gate_faults(gate: Gate | None, now: datetime) -> Iterator[str]:
    """Yield why the gate does not count as passed. Pure.

    Raises:
        EvidenceError: the date of its data is none.
    """
    yield from faults(gate, _GATE, GATES)
    if gate is not None and gate.verdict is Outcome.PASS:
        if not gate.data_date:
            yield f"the gate {_GATE} does not say how old its data is"
        elif is_older(gate.data_date, _OLDEST, now):
            yield f"the gate {_GATE} used data of {gate.data_date}, older than 48 hours"
