"""The HIPAA reports of what ran in staging have no fail. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from ...gates.verdict import Verdict
from ..evidence import HIPAA
from .common import Case, missing, too_old, verdict

RULE = "hipaa"
_SCHEMA = 1
_BAD = ("fail", "error")
_TARGETS = ("source", "image")


def judge(reports: list[Any], case: Case) -> Verdict:
    """Judge the reports of the source and of the image.

    What nobody can test, such as physical safeguards, is listed in them as not tested and stops
    nothing; a part of which nothing was tested does.
    """
    if not reports:
        return missing(RULE, HIPAA, "iactl hipaa --source and iactl hipaa --image")
    found: list[str] = []
    passed: dict[str, int] = dict.fromkeys(_TARGETS, 0)
    for report in reports:
        found += _faults(report, case)
        for check in report["checks"]:
            if check["result"] == "pass" and check["target"] in passed:
                passed[check["target"]] += 1
    found += [
        f"no check of the {name} passed in any report" for name in _TARGETS if not passed[name]
    ]
    return verdict(RULE, found, sum(passed.values()), "passed checks")


def _faults(report: Any, case: Case) -> Iterator[str]:
    if report["schema"] != _SCHEMA:
        yield f"a report has schema {report['schema']!r}, not {_SCHEMA}"
        return
    limit = timedelta(days=case.settings.hipaa_days)
    yield from too_old("a HIPAA report", report["at"], limit, case.now)
    tested = {check["target"] for check in report["checks"] if check["result"] == "pass"}
    if "source" in tested and report["commit"] != case.release.commit:
        yield f"the report of the source is of {report['commit']}, not of {case.release.commit}"
    if "image" in tested and case.release.image_id not in " ".join(report["subjects"]):
        yield f"the report of the image is of {', '.join(report['subjects'])}"
    for check in report["checks"]:
        if check["result"] in _BAD:
            yield f"{check['id']} came to {check['result']}: {str(check['reason']).rstrip('.')}"
