"""JUnit XML, for what shows test results. Pure."""

from __future__ import annotations

import re
from xml.etree import ElementTree  # nosec B405 - writes only

from .. import NOTE
from ..run import Result
from ..verdict import Status
from .record import Record

_TAGS = {Status.FAIL: "failure", Status.ERROR: "error"}
# What XML 1.0 allows (W3C recommendation, production 2).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(record: Record) -> str:
    """Return the XML document; not applicable and not tested are skipped tests with a reason."""
    counts = record.counts
    skipped = counts[Status.NOT_APPLICABLE] + counts[Status.NOT_TESTED]
    suite = ElementTree.Element(
        "testsuite",
        name="hipaa",
        tests=str(len(record.results)),
        failures=str(counts[Status.FAIL]),
        errors=str(counts[Status.ERROR]),
        skipped=str(skipped),
        timestamp=record.at,
    )
    properties = ElementTree.SubElement(suite, "properties")
    ElementTree.SubElement(properties, "property", name="note", value=NOTE)
    for result in record.results:
        _case(suite, result)
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ElementTree.Element, result: Result) -> None:
    check, verdict = result.check, result.verdict
    case = ElementTree.SubElement(
        suite, "testcase", classname=f"hipaa.{check.target}", name=f"{check.id} {check.title}"
    )
    if verdict.status is Status.PASS:
        return
    tag = _TAGS.get(verdict.status, "skipped")
    told = ElementTree.SubElement(
        case, tag, message=_clean(f"{verdict.status.value}: {verdict.reason}")
    )
    if tag != "skipped":
        told.text = _clean("\n".join(str(finding) for finding in verdict.findings))


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)
