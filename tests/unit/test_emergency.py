"""``iactl emergency-access``: what the servers answered, as one sentence and an exit code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ci_scripts.emergency import judge_end, judge_open
from ci_scripts.exits import Exit
from ci_scripts.report import Report
from ci_scripts.runner.result import Result

TOLD = {"user": "emergency", "fingerprint": "SHA256:x", "until": "2026-03-01T01:00:00Z"}
LOST = {"web2": "Failed to connect to the host via ssh: Connection timed out"}


def judged(judge: Callable[[Report, Result], Report], **result: Any) -> Report:
    return judge(Report("emergency-access", "staging"), Result(hosts=["web1", "web2"], **result))


def answers(*hosts: str) -> dict[str, dict[str, Any]]:
    return {host: {"access": TOLD} for host in hosts}


def test_a_key_that_is_let_in_everywhere_is_told_with_the_end_of_it() -> None:
    report = judged(judge_open, answers=answers("web1", "web2"))
    assert report.exit is Exit.DONE
    assert "emergency is let in on 2 servers until 2026-03-01T01:00:00Z" in report.message
    assert "SHA256:x" in report.message and "staging --end" in report.next_step


@pytest.mark.parametrize(
    ("judge", "said"),
    [(judge_open, "The key is let in on web1 only."), (judge_end, "is over on web1 only.")],
)
@pytest.mark.parametrize("how", ["unreachable", "failures"])
def test_a_server_that_took_no_part_needs_a_human(
    judge: Callable[[Report, Result], Report], said: str, how: str
) -> None:
    report = judged(judge, answers=answers("web1", "web2"), rc=2, **{how: LOST})
    assert (report.exit, said in report.message) == (Exit.NEEDS_HUMAN, True)
    assert [line.partition(":")[0] for line in report.details] == ["web2"]


def test_nothing_is_open_where_no_server_took_part() -> None:
    report = judged(judge_open, rc=2, failures={"web1": "AllowUsers does not name emergency"})
    assert (report.exit, report.message) == (Exit.REFUSED, "AllowUsers does not name emergency")


def test_the_end_of_nothing_is_said_as_that() -> None:
    report = judged(judge_end, answers={"web1": {"access": {}}, "web2": {"access": {}}})
    assert (report.exit, "There was no emergency access" in report.message) == (Exit.DONE, True)
    report = judged(judge_end, answers={"web1": {"access": {}}, "web2": {"access": TOLD}})
    assert report.message == "The emergency access is over on 1 server."


def test_a_cancelled_one_says_where_to_look() -> None:
    report = judged(judge_open, answers=answers("web1"), cancelled=True)
    assert (report.exit, "iactl status staging" in report.next_step) == (Exit.CANCELLED, True)
