"""The image itself was scanned, with today's data, and its gate passed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from ...gates.scanners.trivy import NAME, read_scan
from ...gates.store import GATES, parse
from ...gates.verdict import Verdict, faults
from ..evidence import TRIVY
from .common import Case, missing, too_old, verdict

RULE = "scan"


def judge(results: Any, gates: list[Any], case: Case) -> Verdict:
    """Judge the scanner's results and the gate's verdict on them.

    Args:
        results: ``trivy-results.json``.
        gates: every ``gate-verdicts.json`` but the weekly scan's.
    """
    if results is None:
        return missing(RULE, TRIVY, "iactl image scan")
    known = [parse(document) for document in gates]
    gate = next((one[NAME] for one in known if NAME in one), None)
    scan = read_scan(results)
    found = []
    if scan.image_id != case.release.image_id:
        found.append(f"the scan is of {scan.image_id}, the release is {case.release.image_id}")
    found += [one.rstrip(".") for one in faults(gate, NAME, GATES)]
    if gate is not None:
        found += _ages(gate, case)
    return verdict(RULE, found, scan.packages, "packages")


def _ages(gate: Verdict, case: Case) -> Iterator[str]:
    for what, at, hours in (
        ("the scan", gate.at, case.settings.scan_hours),
        ("its data", gate.data_date, case.settings.data_hours),
    ):
        if not at:
            yield f"{what} does not say of when it is"
        else:
            yield from too_old(what, at, timedelta(hours=hours), case.now)
