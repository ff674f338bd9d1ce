"""What the servers' ledgers come to."""

from __future__ import annotations

from ci_scripts.audit import judge_ledgers
from ci_scripts.exits import Exit
from ci_scripts.report import Report
from ci_scripts.runner.result import Result


def answer(problem: str = "") -> dict[str, object]:
    return {"ledger": {"head": "ab" * 32, "length": 3, "problem": problem}}


def judged(**answers: dict[str, object]) -> Report:
    return judge_ledgers(Report("audit", "staging"), Result(answers=answers))


def test_whole_ledgers_are_counted() -> None:
    report = judged(web1=answer(), web2=answer())
    assert (report.exit, "All 6 records" in report.message) == (Exit.DONE, True)
    assert report.hosts["web2"]["head"] == "ab" * 32


def test_a_broken_one_is_named() -> None:
    report = judged(web1=answer(), web2=answer("record 2 was changed"))
    assert report.exit is Exit.NEEDS_HUMAN
    assert report.details == ["web2: record 2 was changed"]


def test_a_server_that_is_silent_leaves_its_own_exit_code() -> None:
    report = Report("audit", "staging", Exit.REFUSED, "web2 cannot be reached.")
    assert judge_ledgers(report, Result(answers={"web1": answer()})).exit is Exit.REFUSED
