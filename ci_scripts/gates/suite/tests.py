"""pytest, in the project's own environment.

Exit code 5, nothing collected, is a failure. Where every test was skipped it ends with 0, so the
tests that ran are counted in its own report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree  # nosec B405 - reads what pytest has just written

from ...evidence import EvidenceError
from .. import tool
from ..job import CannotRun, Job
from ..verdict import Finding, Outcome, Verdict, error, judged
from .coverage import HTML, XML

NAME, RESULTS = "pytest", "junit.xml"
_PASSED, _FAILED, _NOTHING = 0, 1, 5


def run(job: Job) -> Verdict:
    """Run the tests; their output goes to standard error while they run."""
    settings = job.project.settings.test
    needed = "import pytest, pytest_cov; print(pytest.__version__)"
    asked = tool.run([str(job.python), "-P", "-c", needed], job.project.root, seconds=60)
    if asked.code != 0:
        raise CannotRun(f"{job.python} lacks pytest or pytest-cov ({asked.last_words})")
    started = command(job.python, job.output, settings.arguments, settings.source)
    # Coverage's own data is no result; in the project's folder it would lie about.
    environ = {"COVERAGE_FILE": str(job.output / ".coverage")}
    code = tool.stream(started, job.project.root, environ=environ, seconds=settings.minutes * 60)
    report = job.output / RESULTS
    text = report.read_text(encoding="utf-8") if report.is_file() else ""
    return judge(code, text, asked.out.strip())


def command(
    python: Path, output: Path, arguments: Sequence[str], source: Sequence[str]
) -> list[str]:
    """Return how to start it.

    Args:
        arguments: what the project wants besides.
        source: what the coverage is measured of; empty leaves it to coverage's configuration.
    """
    measured = [f"--cov={one}" for one in source] or ["--cov"]
    reports = [f"--cov-report=xml:{output / XML}", f"--cov-report=html:{output / HTML}"]
    return [
        *(str(python), "-m", "pytest", f"--junitxml={output / RESULTS}"),
        *measured,
        *reports,
        *arguments,
    ]


def judge(code: int, text: str, tool_version: str = "") -> Verdict:
    """Return the verdict on an exit code and the text of ``junit.xml``. Pure.

    Raises:
        EvidenceError: the report cannot be understood.
    """
    if code == _NOTHING:
        return Verdict(NAME, Outcome.FAIL, "No test was collected.", tool_version=tool_version)
    if not text:
        return error(NAME, f"pytest ended with {code} and left no report.")
    try:
        cases = list(ElementTree.fromstring(text).iter("testcase"))  # nosec B314 - our own file
    except ElementTree.ParseError as problem:
        raise EvidenceError(f"{RESULTS} cannot be understood: {problem}") from problem
    findings = list(_findings(cases))
    if code not in (_PASSED, _FAILED):
        told = f": {findings[0]}" if findings else ""
        return error(NAME, f"pytest was ended early with {code}{told}.", tool_version=tool_version)
    if bool(findings) != (code == _FAILED):
        reason = f"pytest ended with {code}, but its report tells of {len(findings)} failures."
        return error(NAME, reason, tool_version=tool_version)
    skipped = sum(1 for case in cases if case.find("skipped") is not None)
    notes = (f"{skipped} skipped.",) if skipped else ()
    ran = len(cases) - skipped
    return judged(NAME, findings, ran, "tests", tool_version=tool_version, notes=notes)


def _findings(cases: Sequence[ElementTree.Element]) -> Iterator[Finding]:
    for case in cases:
        for kind in ("failure", "error"):
            told = case.find(kind)
            if told is not None:
                name = f"{case.get('classname', '')}.{case.get('name', '')}".strip(".")
                words = (told.get("message") or "").splitlines() or ["without a word"]
                yield Finding(kind, words[0][:300], name)
