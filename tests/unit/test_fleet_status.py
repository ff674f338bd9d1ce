"""What the servers say of themselves, put side by side."""

from __future__ import annotations

from typing import Any

import pytest

from ci_scripts.exits import Exit
from ci_scripts.fleet_status import judge_status
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
        "processes": [],
        "kept": [OLDER_ID, RELEASE_ID],
        "access": {},
        "problems": [],
    }


def test_an_emergency_access_is_told_with_its_end_and_what_is_left_of_one_too() -> None:
    told = {"user": "emergency", "actor": "ops", "reason": "why", "until": "2026-03-01T01:00:00Z"}
    report = judged(
        {
            "web1": {**answer(), "emergency_access": {**told, "over": False}},
            "web2": {**answer(), "emergency_access": {**told, "over": True}},
            "web3": {**answer(), "emergency_access": None},
        }
    )
    assert report.exit is Exit.DONE
    assert report.details == [
        "web1: emergency access as emergency until 2026-03-01T01:00:00Z, asked for by ops: why",
        "web2: what is left of an emergency access that was over at 2026-03-01T01:00:00Z:"
        " iactl emergency-access staging --end",
    ]


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


BOTH_UP = {"servers": {"web1": "", "web2": ""}}
SERVING = {"web1": answer(), "web2": answer()}


def with_edges(edges: dict[str, dict[str, Any]], **facts: Any) -> Report:
    """Judge a fleet whose edges said this; nothing is what could not be asked says."""
    return judged(facts.pop("answers", SERVING), others=list(edges), edges=edges, **facts)


def test_edges_that_have_every_server_change_no_sentence() -> None:
    report = with_edges({"edge1": BOTH_UP, "edge2": BOTH_UP})
    assert report.exit is Exit.DONE
    assert report.message == f"staging serves 1.4.0 ({RELEASE_ID}) on 2 servers."
    assert set(report.hosts) == {"web1", "web2"}
    up = {"state": "answers", "up": ["web1", "web2"], "down": {}, "problems": []}
    assert report.data["edges"] == {"edge1": up, "edge2": up}


@pytest.mark.parametrize(
    ("edge", "facts", "told"),
    [
        (
            {"servers": {"web1": "", "web2": "its health path answers 503"}},
            {},
            "edge1: web2 gets no requests: its health path answers 503",
        ),
        ({"servers": {"web1": ""}}, {}, "as it is now (web2); run 'iactl bootstrap'"),
        (
            {"servers": {"web1": "", "web2": "", "web9": "nothing answers at its port"}},
            {},
            "as it is now (web9)",
        ),
        ({}, {"rc": 2, "failures": {"edge1": "HAProxy does not answer"}}, "edge1: HAProxy does"),
        ({}, {"rc": 4, "unreachable": {"edge1": "timed out"}}, "edge1: it does not answer."),
    ],
    ids=["server out", "server unknown", "stranger", "HAProxy down", "edge lost"],
)
def test_an_edge_that_is_not_well_needs_a_human_and_what_is_served_is_told(
    edge: dict[str, Any], facts: dict[str, Any], told: str
) -> None:
    report = with_edges({"edge1": edge, "edge2": BOTH_UP}, **facts)
    assert report.exit is Exit.NEEDS_HUMAN
    assert f"serves 1.4.0 ({RELEASE_ID}) on 2 servers, but edge1 needs" in report.message
    assert len(report.details) == len({*report.details})
    assert any(told in line for line in report.details), report.details


def test_servers_without_a_release_are_rightly_out_at_the_edge() -> None:
    out = {"servers": dict.fromkeys(("web1", "web2"), "its health path answers 503")}
    report = with_edges({"edge1": out}, answers={"web1": answer(""), "web2": answer("")})
    assert (report.exit, "is empty" in report.message) == (Exit.DONE, True)


def test_a_lost_server_is_what_the_edge_s_report_is_about_too() -> None:
    facts: dict[str, Any] = {"rc": 4, "unreachable": {"web2": "timed out"}}
    out = {"servers": {"web1": "", "web2": "it does not answer"}}
    report = with_edges({"edge1": out}, answers={"web1": answer()}, **facts)
    assert (report.exit, "not known" in report.message) == (Exit.NEEDS_HUMAN, True)
    assert "edge1: web2 gets no requests: it does not answer" in report.details
