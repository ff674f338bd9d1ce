"""The one server of a fleet goes through several phases in one call."""

from __future__ import annotations

from typing import Any

import pytest

from ci_scripts.exits import Exit
from ci_scripts.outcome import is_live, judge_cancelled, judge_release, reached
from ci_scripts.report import Report
from ci_scripts.runner.result import Result
from tests.unit.builders import answered, lost, module, planned, refused, release, verdict

PHASES = ["prepare", "switch", "commit"]
PLAN = verdict("plan", {"web1": planned()})
PREPARED = answered("prepare", release=release().summary())
SWITCHED = answered("switch")
WHOLE = answered("commit", passed=[PREPARED, SWITCHED])
UNWELL = refused("prepare", "unhealthy", "it does not start.", passed=[])


def one_call(answer: Any) -> dict[str, Any]:
    """Return the verdict on a call that was to go through all phases."""
    return verdict("prepare", {"web1": answer}, PLAN, "switch", "commit")


def brought_back(answer: Any, **facts: Any) -> list[dict[str, Any]]:
    """Return the verdicts of a run whose one call failed, and of its way back."""
    failed = one_call(answer)
    return [PLAN, failed, verdict("abort", {"web1": answered("abort", **facts)}, failed)]


def judged(verdicts: list[dict[str, Any]]) -> Report:
    return judge_release(Report("deploy", "staging"), Result(verdicts=verdicts, hosts=["web1"]))


@pytest.mark.parametrize(
    ("steps", "servers", "calls"),
    [
        ("prepare switch commit", 1, ["prepare switch commit"]),
        ("switch commit", 1, ["switch commit"]),
        ("began prepare switch commit verify", 1, ["began", "prepare switch commit", "verify"]),
        ("prepare switch bake commit", 1, ["prepare switch", "bake", "commit"]),
        ("prepare gradually switch commit", 1, ["prepare", "gradually", "switch commit"]),
        ("prepare switch handover commit", 1, ["prepare switch", "handover", "commit"]),
        ("migrate prepare switch", 1, ["migrate", "prepare", "switch"]),
        ("prepare switch commit", 2, ["prepare", "switch", "commit"]),
        ("", 1, []),
    ],
)
def test_what_lies_next_to_each_other_is_one_call_of_one_server(
    steps: str, servers: int, calls: list[str]
) -> None:
    told = module("release_steps").release_calls(steps.split(), servers)
    assert told == [call.split() for call in calls]


def test_every_phase_that_a_call_passed_is_judged() -> None:
    last = one_call(WHOLE)
    assert [one["phase"] for one in (*last["earlier"], last)] == PHASES
    assert all(one["ok"] for one in (*last["earlier"], last))
    assert last["earlier"][0]["hosts"]["web1"]["release"] == PREPARED["release"]


@pytest.mark.parametrize(
    ("answer", "passed", "phase", "code"),
    [
        (UNWELL, [], "prepare", Exit.FAILED),
        (refused("switch", "failed", passed=[PREPARED]), ["prepare"], "switch", Exit.FAILED),
        (
            refused("commit", "mixed", passed=[PREPARED, SWITCHED]),
            ["prepare", "switch"],
            "commit",
            Exit.NEEDS_HUMAN,
        ),
        (lost(), [], "switch", Exit.FAILED),
        ({"failed": True, "msg": "app_release ended with code 137"}, [], "switch", Exit.FAILED),
        (None, [], "switch", Exit.FAILED),
    ],
    ids=["sick", "not switched", "mixed", "lost", "killed", "silent"],
)
def test_a_call_that_went_badly_counts_for_the_phase_that_users_may_have_met(
    answer: Any, passed: list[str], phase: str, code: Exit
) -> None:
    last = one_call(answer)
    assert (last["phase"], last["ok"], last["exit_code"]) == (phase, False, code)
    assert [one["phase"] for one in last["earlier"]] == passed


def test_a_run_knows_all_phases_of_its_one_call() -> None:
    event = {"host": "web1", "task_action": "set_fact"}
    result = Result()
    for one in (PLAN, one_call(WHOLE)):
        facts = {"ansible_facts": {"release_verdict": one}}
        result.take({"event": "runner_on_ok", "event_data": {**event, "res": facts}})
    assert [one["phase"] for one in result.verdicts] == ["plan", *PHASES]
    report = judged(result.verdicts)
    assert (report.exit, report.message) == (
        Exit.DONE,
        f"staging now serves 1.4.0 (release {release().id}) on 1 server.",
    )
    assert [row["phase"] for row in report.data["phases"]] == ["plan", *PHASES]
    assert set(report.hosts["web1"]) == {"plan", *PHASES}


def test_a_call_that_may_have_committed_is_not_known_to_have() -> None:
    run = Result(verdicts=[PLAN])
    run.take({"event": "playbook_on_task_start", "event_data": {"name": "Phase plan"}})
    name = "release : Phase prepare, switch, commit"
    run.take({"event": "playbook_on_task_start", "event_data": {"name": name}})
    assert run.begun == ["plan", "prepare, switch, commit"]
    assert not is_live(run)
    told = Result(verdicts=[PLAN, one_call(WHOLE)], begun=run.begun)
    assert is_live(told) and "commit" in reached(told)


def test_a_server_that_was_lost_may_serve_either_release() -> None:
    failed = one_call(lost())
    back = verdict("abort", {"web1": lost()}, failed)
    report = judged([PLAN, failed, back])
    assert report.exit is Exit.NEEDS_HUMAN
    assert any("what it serves is not known" in line for line in report.details)


def test_a_connection_that_broke_before_the_commit_brings_the_server_back() -> None:
    report = judged(brought_back(lost(), live=False))
    assert report.exit is Exit.FAILED
    assert "every server serves 1.3.0 as before" in report.message


def test_a_connection_that_broke_after_the_commit_leaves_the_release_live() -> None:
    verdicts = brought_back(lost(), live=True)
    assert verdicts[-1]["live"]
    verdicts.append(verdict("commit", {"web1": answered("commit")}, verdicts[-1]))
    assert verdicts[-1]["exit_code"] == Exit.DONE
    report = judged(verdicts)
    assert (report.exit, "staging now serves" in report.message) == (Exit.DONE, True)
    assert "live already when this was met" in report.details[0]
    assert "web1: nothing listens on its SSH port" in report.details[1]


def test_a_live_release_whose_end_nobody_told_needs_a_human() -> None:
    report = judged(brought_back(lost(), live=True))
    assert report.exit is Exit.NEEDS_HUMAN
    assert "as before" not in report.message


@pytest.mark.parametrize(
    ("live", "ends", "code", "said"),
    [
        (False, False, Exit.CANCELLED, "serves what it served before"),
        (True, True, Exit.DONE, "Too late to cancel"),
        (True, False, Exit.NEEDS_HUMAN, "broke off after abort"),
    ],
)
def test_a_cancel_asks_the_server_whether_it_came_too_late(
    live: bool, ends: bool, code: Exit, said: str
) -> None:
    verdicts = [verdict("abort", {"web1": answered("abort", live=live)})]
    if ends:
        verdicts.append(verdict("commit", {"web1": answered("commit")}, verdicts[-1]))
    run = Result(cancelled=True, hosts=["web1"], verdicts=[PLAN])
    report = judge_cancelled(Report("deploy", "staging"), run, Result(verdicts=verdicts))
    assert (report.exit, said in report.message) == (code, True), report.message
