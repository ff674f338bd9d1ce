"""The coverage of the tests, by ``coverage.xml``: the gate is here, not at a service elsewhere."""

from __future__ import annotations

from xml.etree import ElementTree  # nosec B405 - reads what coverage has just written

from ...evidence import EvidenceError
from ..job import CannotRun, Job
from ..verdict import Finding, Verdict, judged

NAME, XML, HTML = "coverage", "coverage.xml", "htmlcov"


def run(job: Job) -> Verdict:
    """Judge what the tests have left."""
    report = job.output / XML
    if not report.is_file():
        raise CannotRun(f"the tests left no {XML}")
    text = report.read_text(encoding="utf-8")
    return judge(text, job.project.settings.test.min_coverage)


def judge(text: str, least: float) -> Verdict:
    """Return the verdict on the text of ``coverage.xml``. Pure.

    Args:
        least: the least coverage of lines, in percent.

    Raises:
        EvidenceError: the report cannot be understood.
    """
    try:
        root = ElementTree.fromstring(text)  # nosec B314 - our own file
        lines, covered = int(root.attrib["lines-valid"]), int(root.attrib["lines-covered"])
    except (ElementTree.ParseError, KeyError, ValueError) as problem:
        raise EvidenceError(f"{XML} cannot be understood: {problem!r}") from problem
    percent = 100 * covered / lines if lines else 0.0
    told = f"{percent:.1f} % of the lines, at least {least:g} % is asked for"
    too_few = [Finding("coverage", f"{percent:.1f} % is less than {least:g} %")]
    version = root.get("version", "")
    return judged(
        NAME,
        too_few if percent < least else (),
        lines,
        "lines",
        tool_version=version,
        notes=(f"{told}.",),
    )
