"""What the servers say of themselves, put side by side."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_scripts.exits import Exit
from ci_scripts.fleet_status import judge_status, merge_history
from ci_scripts.report import Report
from ci_scripts.runner.result import Result
from tests.unit.builders import OLDER_ID, RELEASE_ID


def answer(release_id: str = RELEASE_ID, *problems: str, version: str = "1.4.0") -> dict[str, Any]:
    """Return what release_info answers."""
    serving = {"slot": "blue", "state": "running", "release": release_id, "digest": "sha256:a"}
    kept = {"id": release_id, "version": version, "image": "r.io/shop@sha256:a"}
    return {
        "serving": serving if release_id else None,
        "release": kept if release_id else None,
        "releases": [{"id": OLDER_ID}, {"id": RELEASE_ID}],
        "problems": list(problems),
    }


def judged(answers: dict[str, dict[str, Any]], **facts: Any) -> Report:
    silent = [*facts.get("unreachable", {}), *facts.get("failures", {}), *facts.pop("others", [])]
    result = Result(answers=answers, hosts=sorted({*answers, *silent}), **facts)
    report = Report("status", "staging")
    if result.rc:
        report.exit = Exit.REFUSED
    return judge_status(report, result)


def test_servers_that_serve_the_same_are_one_sentence() -> None:
    report = judged({"web1": answer(), "web2": answer()})
    assert report.exit is Exit.DONE
    assert report.message == f"staging serves 1.4.0 ({RELEASE_ID}) on 2 servers."
    assert report.hosts["web1"] == {
        "release": RELEASE_ID,
        "version": "1.4.0",
        "slot": "blue",
        "state": "running",
        "digest": "sha256:a",
        "image": "r.io/shop@sha256:a",
        "schema": "",
        "kept": [OLDER_ID, RELEASE_ID],
        "problems": [],
    }


def test_servers_without_a_release_are_empty() -> None:
    report = judged({"web1": answer("")})
    assert (report.exit, "is empty" in report.message) == (Exit.DONE, True)
    assert report.hosts["web1"]["state"] == "nothing runs"


@pytest.mark.parametrize(
    ("answers", "facts", "told"),
    [
        ({"web1": answer(), "web2": answer(OLDER_ID)}, {}, "is mixed"),
        ({"web1": answer(), "web2": answer("")}, {}, "is mixed"),
        ({"web1": answer(RELEASE_ID, "both slots take traffic")}, {}, "needs attention"),
        ({"web1": answer()}, {"rc": 4, "unreachable": {"web2": "timed out"}}, "not known"),
        (
            {"web1": answer()},
            {"rc": 2, "failures": {"web2": "HAProxy does not answer"}},
            "not known",
        ),
        ({"web1": answer("")}, {"others": ["web2"]}, "needs attention"),
    ],
    ids=["two releases", "one empty", "a problem", "one lost", "one failed", "one silent"],
)
def test_everything_else_needs_a_human(
    answers: dict[str, dict[str, Any]], facts: dict[str, Any], told: str
) -> None:
    report = judged(answers, **dict(facts))
    assert report.exit is Exit.NEEDS_HUMAN
    assert told in report.message


def test_each_server_s_problem_is_named_with_the_server() -> None:
    report = judged({"web1": answer(), "web2": answer(RELEASE_ID, "both slots take traffic")})
    assert "web2: both slots take traffic" in report.details


def test_a_server_that_did_not_answer_is_unknown_and_its_reason_is_told() -> None:
    report = judged({"web1": answer()}, rc=4, unreachable={"web2": "Connection refused"})
    assert report.hosts["web2"]["state"] == "unknown"
    assert [line for line in report.details if line.startswith("web2: nothing listens")]
    assert len([line for line in report.details if line.startswith("web2")]) == 1


def test_a_run_that_asked_nobody_stays_as_it_was_judged() -> None:
    report = Report("status", "staging", Exit.BAD_INPUT, "no server in group app")
    assert judge_status(report, Result(no_hosts=True)).message == "no server in group app"


def event(at: str, action: str = "deploy", release: str = RELEASE_ID) -> dict[str, Any]:
    return {"at": at, "action": action, "outcome": "live", "release": release}


def merged(**histories: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return merge_history({host: {"history": entries} for host, entries in histories.items()})


def test_one_event_on_two_servers_is_one_row() -> None:
    rows = merged(web1=[event("2026-03-01T10:00:00Z")], web2=[event("2026-03-01T10:00:02Z")])
    assert [row["hosts"] for row in rows] == [["web1", "web2"]]
    assert "key" not in rows[0]


def test_the_newest_row_comes_first() -> None:
    rows = merged(web1=[event("2026-01"), event("2026-02", "rollback", OLDER_ID)])
    assert [row["at"] for row in rows] == ["2026-02", "2026-01"]


def test_the_same_release_deployed_twice_is_two_rows() -> None:
    twice = [event("2026-01"), event("2026-02", "rollback", OLDER_ID), event("2026-03")]
    rows = merged(web1=twice, web2=twice)
    assert [(row["at"], row["hosts"]) for row in rows] == [
        ("2026-03", ["web1", "web2"]),
        ("2026-02", ["web1", "web2"]),
        ("2026-01", ["web1", "web2"]),
    ]


_EVENTS = st.builds(
    event,
    st.datetimes().map(lambda at: at.isoformat()),
    st.sampled_from(["deploy", "rollback"]),
    st.sampled_from([RELEASE_ID, OLDER_ID]),
)
_HISTORIES = st.dictionaries(
    st.sampled_from(["web1", "web2", "web3"]), st.lists(_EVENTS, max_size=6), max_size=3
)


@given(_HISTORIES)
def test_no_event_of_any_server_is_lost_or_counted_twice(
    histories: dict[str, list[dict[str, Any]]],
) -> None:
    rows = merged(**histories)
    for host, entries in histories.items():
        kept = Counter((row["action"], row["release"]) for row in rows if host in row["hosts"])
        assert kept == Counter((one["action"], one["release"]) for one in entries)
    assert all(row["hosts"] for row in rows)
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)


def test_servers_without_a_history_have_none() -> None:
    assert merge_history({"web1": {}, "web2": {"history": []}}) == []


def test_a_run_that_was_killed_is_not_changing_anything() -> None:
    lease = {"run": "r-1", "alive": True, "owner": "root", "since": "today", "url": ""}
    answers = {
        "web1": {**answer(RELEASE_ID, "prepare of release r-1 has not ended"), "lease": lease}
    }
    report = judged(answers)
    assert (report.exit, report.message) == (
        Exit.DONE,
        "staging is being changed by root since today.",
    )
    report = judge_status(Report("status", "staging"), Result(answers=answers), {"r-1"})
    assert report.exit is Exit.NEEDS_HUMAN
    assert report.details == ["web1: prepare of release r-1 has not ended"]
