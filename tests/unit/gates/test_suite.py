"""What a run of tests and its coverage come to."""

from __future__ import annotations

import pytest

from ci_scripts.evidence import EvidenceError
from ci_scripts.gates.suite import coverage, tests

GOOD = '<testcase classname="t.a" name="one"/>'
SKIPPED = '<testcase classname="t.a" name="two"><skipped message="later"/></testcase>'
FAILED = '<testcase classname="t.a" name="three"><failure message="assert 1 == 2\nx"/></testcase>'
BROKEN = '<testcase classname="" name="t.b"><error message="collection failure"/></testcase>'


def report(*cases: str) -> str:
    """Return a JUnit file."""
    return f'<testsuites><testsuite name="pytest">{"".join(cases)}</testsuite></testsuites>'


@pytest.mark.parametrize(
    ("code", "text", "outcome", "said"),
    [
        (0, report(GOOD), "pass", "Nothing wrong in 1 test."),
        (0, report(GOOD, SKIPPED), "pass", "in 1 test."),
        (1, report(GOOD, FAILED), "fail", "1 finding"),
        (5, report(), "fail", "No test was collected."),
        (5, "", "fail", "No test was collected."),
        (0, report(SKIPPED), "error", "looked at no tests"),
        (2, report(BROKEN), "error", "ended early with 2: t.b: error: collection failure"),
        (4, "", "error", "left no report"),
        (0, "", "error", "left no report"),
        (0, report(FAILED), "error", "tells of 1 failures"),
        (1, report(GOOD), "error", "tells of 0 failures"),
        (-9, report(GOOD), "error", "ended early with -9"),
    ],
)
def test_pytest(code: int, text: str, outcome: str, said: str) -> None:
    verdict = tests.judge(code, text)
    assert verdict.verdict.value == outcome
    assert said in verdict.reason


def test_a_failed_test_is_told_by_its_name_and_first_line() -> None:
    finding = tests.judge(1, report(FAILED)).findings[0]
    assert (finding.subject, finding.text) == ("t.a.three", "assert 1 == 2 x")


@pytest.mark.parametrize(
    ("lines", "covered", "outcome"),
    [(100, 80, "pass"), (100, 79, "fail"), (0, 0, "error"), (3, 3, "pass")],
)
def test_coverage(lines: int, covered: int, outcome: str) -> None:
    text = f'<coverage version="7.17" lines-valid="{lines}" lines-covered="{covered}"/>'
    assert coverage.judge(text, 80).verdict.value == outcome


@pytest.mark.parametrize("text", ["", "<coverage", "<coverage/>", '<coverage lines-valid="x"/>'])
def test_what_is_no_report_is_never_a_pass(text: str) -> None:
    with pytest.raises(EvidenceError):
        coverage.judge(text, 80)
    if text:
        with pytest.raises(EvidenceError):
            tests.judge(0, "<testsuites")
