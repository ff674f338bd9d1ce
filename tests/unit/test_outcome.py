"""From a run's verdicts to an exit code and a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from ci_scripts.exits import Exit
from ci_scripts.locking import judge as judge_unlock
from ci_scripts.outcome import is_live, judge_cancelled, judge_release
from ci_scripts.report import Report
from ci_scripts.runner.result import Result
from ci_scripts.setup_outcome import judge_setup
from tests.unit.builders import (
    OLDER_ID,
    RELEASE_ID,
    answered,
    lost,
    module,
    planned,
    refused,
    release,
    verdict,
)

Results = dict[str, Any]
HOSTS = ("web1", "web2")
NEW = {"release": release().summary()}


def everywhere(result: Any) -> Results:
    return {host: result for host in HOSTS}


def travelled(*steps: tuple[str, Results], plan: Results | None = None) -> list[dict[str, Any]]:
    """Return the verdicts of a run: the plan's and one a step, each judged after the one before."""
    verdicts = [verdict("plan", plan or everywhere(planned()))]
    for phase, results in steps:
        verdicts.append(verdict(phase, results, verdicts[-1]))
    return verdicts


PREPARED = ("prepare", everywhere(answered("prepare", **NEW)))
SWITCHED = ("switch", everywhere(answered("switch")))
COMMITTED = ("commit", everywhere(answered("commit")))
RETURNED = ("abort", everywhere(answered("abort")))


def judged(
    *steps: tuple[str, Results], plan: Results | None = None, command: str = "deploy", rc: int = 2
) -> Report:
    result = Result(rc=rc, hosts=list(HOSTS), verdicts=travelled(*steps, plan=plan))
    return judge_release(Report(command, "staging"), result)


def said(report: Report) -> str:
    return "\n".join([report.message, *report.details, report.next_step])


def test_a_release_that_went_through_is_named_with_the_way_back() -> None:
    report = judged(PREPARED, SWITCHED, COMMITTED, rc=0)
    assert report.exit is Exit.DONE
    assert report.message == f"staging now serves 1.4.0 (release {RELEASE_ID}) on 2 servers."
    assert "iactl rollback staging" in report.next_step
    assert [row["phase"] for row in report.data["phases"]] == [
        "plan",
        "prepare",
        "switch",
        "commit",
    ]
    assert set(report.hosts["web1"]) == {"plan", "prepare", "switch", "commit"}


def test_a_first_release_and_a_rollback_promise_no_way_back() -> None:
    first = judged(PREPARED, SWITCHED, COMMITTED, plan=everywhere(planned("")), rc=0)
    back = judged(PREPARED, SWITCHED, COMMITTED, command="rollback", rc=0)
    assert (first.next_step, back.next_step) == ("", "")


def test_a_release_that_is_there_already_is_done() -> None:
    report = judged(plan=everywhere(planned(same=True)), rc=0)
    assert report.exit is Exit.DONE
    assert report.message == "staging is already at 1.3.0 on 2 servers."


def test_a_check_claims_no_change() -> None:
    report = Report("deploy", "staging", data={"check": True})
    result = Result(rc=0, verdicts=travelled(PREPARED, SWITCHED, COMMITTED))
    judge_release(report, result)
    assert report.exit is Exit.DONE
    assert "would serve" in report.message and "now serves" not in said(report)


def test_a_failed_clean_up_does_not_undo_a_live_release() -> None:
    commit = {"web1": answered("commit"), "web2": refused("commit", "failed", "disk is full.")}
    report = judged(PREPARED, SWITCHED, ("commit", commit), rc=0)
    assert report.exit is Exit.DONE
    assert "now serves" in report.message
    assert any("web2: disk is full." in line for line in report.details)


# the failing steps, the exit code, what is said, what is not
FAILURES: list[tuple[list[tuple[str, Results]], Exit, str, str]] = [
    (
        [
            (
                "prepare",
                {"web1": answered("prepare", **NEW), "web2": refused("prepare", "unhealthy")},
            ),
            RETURNED,
        ],
        Exit.FAILED,
        "prepare failed on 1 of 2 servers; every server serves 1.3.0 as before",
        "now serves",
    ),
    (
        [
            (
                "prepare",
                {"web1": answered("prepare", **NEW), "web2": refused("prepare", "refused")},
            ),
            RETURNED,
        ],
        Exit.REFUSED,
        "Refused: prepare failed on 1 of 2 servers",
        "now serves",
    ),
    (
        [PREPARED, ("switch", {"web1": answered("switch"), "web2": lost()}), RETURNED],
        Exit.FAILED,
        "web2: nothing listens on its SSH port.",
        "by hand",
    ),
    (
        [
            PREPARED,
            ("switch", {"web1": answered("switch"), "web2": refused("switch", "failed")}),
            ("abort", {"web1": answered("abort"), "web2": refused("abort", "failed")}),
        ],
        Exit.NEEDS_HUMAN,
        "Run 'iactl status staging' and bring web2 back by hand",
        "as before",
    ),
    (
        [
            PREPARED,
            ("switch", everywhere(refused("switch", "failed"))),
            ("abort", everywhere(lost())),
        ],
        Exit.NEEDS_HUMAN,
        "web1, web2",
        "as before",
    ),
]


@pytest.mark.parametrize(("steps", "code", "told", "untold"), FAILURES)
def test_a_failure_says_where_the_fleet_is(
    steps: list[tuple[str, Results]], code: Exit, told: str, untold: str
) -> None:
    report = judged(*steps)
    assert report.exit is code
    assert told in said(report)
    assert untold not in said(report)


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        ("input", Exit.BAD_INPUT),
        ("refused", Exit.REFUSED),
        ("unavailable", Exit.NO_TARGET),
        ("locked", Exit.LOCKED),
    ],
)
def test_a_plan_that_refuses_says_that_nothing_was_touched(cause: str, code: Exit) -> None:
    plan = {"web1": planned(), "web2": refused("plan", cause, "the reason. The step.")}
    report = judged(plan=plan)
    assert report.exit is code
    assert "before anything was touched" in report.message
    assert "web2: the reason. The step." in report.details


def test_of_a_crashing_candidate_the_first_log_is_shown_once() -> None:
    logs = [
        refused(
            "prepare", "unhealthy", evidence={"log": [f"line {n} of {host}" for n in range(40)]}
        )
        for host in HOSTS
    ]
    report = judged(("prepare", dict(zip(HOSTS, logs))), RETURNED)
    shown = [line for line in report.details if "line" in line and "|" in line]
    assert shown == [f"  | line {n} of web1" for n in range(28, 40)]


def test_a_server_that_was_lost_before_the_switch_is_told_to_hold_a_candidate() -> None:
    gone = {"web1": answered("prepare", **NEW), "web2": lost()}
    report = judged(("prepare", gone), ("abort", {"web1": answered("abort"), "web2": lost()}))
    assert report.exit is Exit.REFUSED
    told = "web2: a candidate without traffic may be left; the next deploy removes it."
    assert told in report.details


def test_a_bake_that_failed_counts_the_requests_that_users_lost_on_all_servers() -> None:
    bad = {"traffic": {"requests": 40, "errors": 12, "response_ms": 3.0}, "log": []}
    bake = {
        "web1": refused("bake", "unhealthy", evidence=bad),
        "web2": answered("bake", traffic={"requests": 60, "errors": 1, "response_ms": 3.0}),
    }
    report = judged(PREPARED, SWITCHED, ("bake", bake), RETURNED)
    assert "While it took traffic, 13 of 100 requests failed." in report.details


def test_a_rollback_whose_target_does_not_work_needs_a_human_and_says_what_serves() -> None:
    plan = everywhere(planned(target={"id": RELEASE_ID, "version": "1.2.0"}))
    bad = {"web1": answered("prepare"), "web2": refused("prepare", "unhealthy", "it is ill. Look.")}
    report = judged(("prepare", bad), RETURNED, plan=plan, command="rollback")
    assert report.exit is Exit.NEEDS_HUMAN
    assert "every server serves 1.3.0 as before" in report.message
    assert "web2: it is ill. Look." in report.details and "--to" in report.next_step


def test_servers_that_disagree_on_the_way_back_are_told_as_one() -> None:
    plan = {
        "web1": planned(target={"id": RELEASE_ID, "version": "1"}),
        "web2": planned(target={"id": "20260101-000000-aaaa", "version": "0"}),
    }
    report = judged(plan=plan, command="rollback")
    assert report.exit is Exit.NO_TARGET
    assert "Name one with --to." in said(report)


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([], Exit.FAILED),
        ([PREPARED], Exit.NEEDS_HUMAN),
        ([PREPARED, SWITCHED], Exit.NEEDS_HUMAN),
    ],
    ids=["after plan", "after prepare", "after switch"],
)
@pytest.mark.parametrize("rc", [-9, 1, 2, 4, 254])
def test_a_run_that_broke_off_between_phases_is_never_a_success(
    steps: list[tuple[str, Results]], code: Exit, rc: int
) -> None:
    report = judged(*steps, rc=rc)
    assert report.exit is code
    assert "now serves" not in said(report)
    assert str(rc) in report.message and "iactl status staging" in report.next_step
    assert ("no request was moved" in report.message) is (steps == [])


@pytest.mark.parametrize("rc", [-9, 2])
def test_a_run_that_broke_off_behind_the_commit_is_live_and_unchecked(rc: int) -> None:
    report = judged(PREPARED, SWITCHED, COMMITTED, rc=rc)
    assert report.exit is Exit.NEEDS_HUMAN
    assert "now serves" in report.message and "was left out" in said(report)
    assert report.next_step == "Run the checks: iactl verify staging"


@pytest.mark.parametrize(
    ("points_at", "told"), [("blue", "did not run either"), (None, "nothing was deployed before")]
)
def test_a_server_that_served_nothing_before_is_not_said_to_have_been_empty(
    points_at: str | None, told: str
) -> None:
    plan = everywhere(planned("", points_at=points_at))
    bad = ("prepare", everywhere(refused("prepare", "unhealthy")))
    assert told in judged(bad, RETURNED, plan=plan).message


def test_a_live_release_that_nobody_checked_is_told() -> None:
    tidying = ("commit", {"web1": answered("commit"), "web2": lost()})
    verdicts = travelled(PREPARED, SWITCHED, tidying)
    facts = {"release_unverified": True}
    report = Report("deploy", "staging")
    judge_release(report, Result(rc=2, hosts=list(HOSTS), verdicts=verdicts, facts=facts))
    assert report.exit is Exit.DONE
    assert "The checks after a deploy did not run: iactl verify staging" in report.details


def test_a_release_that_got_no_id_yet_is_named_by_its_image() -> None:
    prepare = ("prepare", everywhere(refused("prepare", "unhealthy", "")))
    result = Result(rc=2, verdicts=travelled(prepare, RETURNED))
    report = Report("deploy", "staging", data={"image": "r.io/shop:1.4.0"})
    judge_release(report, result)
    assert report.message.startswith("r.io/shop:1.4.0 did not get through: ")
    assert any(line.startswith("prepare failed on 2 of 2") for line in report.details)


def setup(command: str = "bootstrap", **facts: Any) -> Report:
    return judge_setup(Report(command, "staging"), Result(**facts))


@pytest.mark.parametrize("facts", [{"no_hosts": True}, {"rc": 0, "hosts": []}])
def test_an_inventory_without_servers_is_bad_input(facts: dict[str, Any]) -> None:
    report = setup(**facts)
    assert report.exit is Exit.BAD_INPUT
    assert "no server in group app" in report.message and "hosts.yml" in report.next_step


def test_a_setup_without_failures_is_done() -> None:
    report = setup(hosts=["web1"])
    assert (report.exit, report.hosts) == (Exit.DONE, {"web1": {"ok": True}})


def test_an_unreachable_server_refuses_a_setup_by_name_and_cause() -> None:
    report = setup(
        rc=4, hosts=["web1", "web2"], unreachable={"web2": "Connection refused"}, failures={}
    )
    assert report.exit is Exit.REFUSED
    assert "web2" in report.message and "web1" not in report.message
    assert "nothing listens" in said(report)
    assert report.hosts["web2"]["ok"] is False and report.hosts["web1"]["ok"] is True


@pytest.mark.parametrize(
    ("command", "code"), [("bootstrap", Exit.FAILED), ("deploy", Exit.BAD_INPUT)]
)
def test_a_task_that_failed_before_a_plan_is_told_with_its_message(
    command: str, code: Exit
) -> None:
    report = setup(command, rc=2, hosts=list(HOSTS), failures=dict.fromkeys(HOSTS, "no space left"))
    assert (report.exit, report.message) == (code, "no space left")


def test_a_forced_unlock_that_met_a_lost_server_says_who_was_not_told() -> None:
    lock = {"run": RELEASE_ID, "exit_code": 0, "message": "Unlocked", "next_step": "", "lease": {}}
    facts = {"release_lock_verdict": lock}
    lost_one = {"web2": "Connection timed out"}
    result = Result(rc=4, hosts=list(HOSTS), facts=facts, unreachable=lost_one)
    report = judge_unlock(Report("unlock", "staging"), result)
    assert (report.exit, "nothing was touched" in said(report)) == (Exit.REFUSED, False)
    assert RELEASE_ID in report.message and "web2 cannot be reached" in report.message
    assert "web2" in report.next_step


def test_different_failures_are_told_server_by_server() -> None:
    report = setup(rc=2, hosts=list(HOSTS), failures={"web2": "b", "web1": "a"})
    assert report.details == ["web1: a", "web2: b"]


def test_an_inventory_that_ansible_cannot_read_is_bad_input_with_its_words() -> None:
    report = setup(rc=1, hosts=[], output=["[ERROR]: No inventory was parsed"])
    assert report.exit is Exit.BAD_INPUT
    assert "[ERROR]: No inventory was parsed" in report.details
    assert "staging" in report.next_step


def test_a_run_without_any_verdict_is_judged_as_a_setup() -> None:
    report = judge_release(Report("deploy", "staging"), Result(no_hosts=True))
    assert report.exit is Exit.BAD_INPUT


def cancelled(
    verdicts: list[dict[str, Any]], abort: Result | None = None, check: bool = False
) -> Report:
    run = Result(cancelled=True, hosts=list(HOSTS), verdicts=verdicts)
    return judge_cancelled(Report("deploy", "staging", data={"check": check}), run, abort)


def test_a_cancel_before_the_plan_touched_nothing() -> None:
    report = cancelled([])
    assert (report.exit, "before anything was touched" in report.message) == (Exit.CANCELLED, True)


@pytest.mark.parametrize(
    ("hurried", "finish"),
    [(True, Result(cancelled=True)), (False, Result(cancelled=True))],
    ids=["before it could be brought back", "while it was brought back"],
)
def test_a_second_signal_is_told_with_what_is_left(hurried: bool, finish: Result) -> None:
    run = Result(cancelled=True, hurried=hurried, verdicts=travelled(PREPARED))
    run.begun = ["plan", "prepare", "switch"]
    report = judge_cancelled(Report("deploy", "staging"), run, finish)
    assert report.exit is Exit.NEEDS_HUMAN
    assert "in the middle of switch" in report.message
    assert release().id in report.message and "web1, web2" in report.message
    assert "iactl status staging" in report.next_step


def test_a_second_signal_after_the_servers_are_back_does_not_deny_it() -> None:
    back = Result(
        rc=-15, cancelled=True, verdicts=[verdict("abort", everywhere(answered("abort")))]
    )
    report = cancelled(travelled(PREPARED), back)
    assert report.exit is Exit.NEEDS_HUMAN
    assert "broke off after abort" in report.message


def test_a_cancel_that_brought_every_server_back_says_so() -> None:
    back = Result(verdicts=[verdict("abort", everywhere(answered("abort")))])
    report = cancelled(travelled(PREPARED), back)
    assert report.exit is Exit.CANCELLED
    assert "serves what it served before" in report.message


@pytest.mark.parametrize(
    ("back", "named"),
    [
        (Result(rc=-9, verdicts=[]), "web1, web2"),
        (
            Result(verdicts=[verdict("abort", {"web1": answered("abort"), "web2": lost()})]),
            "web2",
        ),
    ],
    ids=["no verdict", "one lost"],
)
def test_a_cancel_that_could_not_bring_all_back_needs_a_human(back: Result, named: str) -> None:
    report = cancelled(travelled(PREPARED), back)
    assert report.exit is Exit.NEEDS_HUMAN
    assert f"but {named} could not" in report.message
    assert "iactl status staging" in report.next_step


def test_a_cancel_while_cleaning_up_leaves_the_live_release_live() -> None:
    finish = Result(verdicts=[verdict("commit", everywhere(answered("commit")))])
    run = travelled(PREPARED, SWITCHED)
    report = cancelled(run, finish)
    assert report.exit is Exit.DONE
    assert "Too late to cancel" in report.message and "1.4.0" in report.message


def test_a_cancel_that_came_too_late_tells_of_processes_that_do_not_run() -> None:
    bad = {"web1": answered("handover"), "web2": refused("handover", "unhealthy", "no worker.")}
    handover = verdict("handover", bad)
    commit = verdict("commit", everywhere(answered("commit")), handover)
    report = cancelled(travelled(PREPARED, SWITCHED), Result(verdicts=[handover, commit]))
    assert report.exit is Exit.NEEDS_HUMAN
    assert "1.4.0" in report.message and "not all of its processes run" in report.message
    assert any("web2: no worker." in line for line in report.details)


def test_a_failed_handover_that_nobody_brought_back_needs_a_human() -> None:
    verdicts = travelled(PREPARED, SWITCHED)
    verdicts.append(verdict("handover", everywhere(refused("handover", "failed")), verdicts[-1]))
    result = Result(rc=2, hosts=list(HOSTS), verdicts=verdicts)
    assert judge_release(Report("deploy", "staging"), result).exit is Exit.NEEDS_HUMAN


def test_a_release_is_live_from_its_commit_on() -> None:
    run = travelled(PREPARED, SWITCHED)
    begun = ["plan", "prepare", "switch", "bake"]
    assert not is_live(Result(verdicts=run, begun=begun))
    assert is_live(Result(verdicts=run, begun=[*begun, "commit"]))
    broken = [*run[:-1], {**run[-1], "ok": False}]
    assert not is_live(Result(verdicts=broken, begun=[*begun, "commit"]))


def test_a_release_that_was_never_judged_is_not_live() -> None:
    assert not is_live(Result(begun=["plan"]))


def test_a_cancel_after_a_commit_that_did_badly_is_no_cancel() -> None:
    checked = verdict("verify", everywhere(refused("verify", "failed")))
    run = Result(verdicts=[*travelled(PREPARED, SWITCHED, COMMITTED), checked])
    assert is_live(run)
    finish = Result(verdicts=[verdict("commit", everywhere(answered("commit")))])
    report = judge_cancelled(Report("deploy", "staging"), run, finish)
    assert report.exit is Exit.NEEDS_HUMAN
    assert "stays on every server, although it does badly" in report.message
    assert report.details == [checked["message"]]


@pytest.mark.parametrize(
    ("finish", "said"),
    [
        (
            Result(verdicts=[verdict("switch", everywhere(answered("switch")))]),
            "broke off after switch",
        ),
        (
            Result(rc=-9, verdicts=[verdict("abort", everywhere(answered("abort")))]),
            "broke off after abort",
        ),
        (
            Result(
                verdicts=[
                    verdict(
                        "commit", {"web1": answered("commit"), "web2": refused("commit", "mixed")}
                    )
                ]
            ),
            "web2 could not be brought to",
        ),
    ],
    ids=["killed on its way forward", "killed on its way back", "one server was lost"],
)
def test_what_a_cancel_could_not_end_needs_a_human(finish: Result, said: str) -> None:
    report = cancelled(travelled(PREPARED, SWITCHED), finish)
    assert report.exit is Exit.NEEDS_HUMAN
    assert said in report.message and "deploy again" in report.next_step


def test_a_cancelled_check_touched_nothing() -> None:
    report = cancelled(travelled(PREPARED, SWITCHED), check=True)
    assert (report.exit, "before anything was touched" in report.message) == (Exit.CANCELLED, True)


def verified(*failed: str, places: tuple[str, ...] = (*HOSTS, "public")) -> Report:
    """Return the report of a release that went live and was checked then."""
    checks = {
        "ok": not failed,
        "message": f"{len(failed)} critical failures." if failed else "6 checks, none failed.",
        "failed": list(failed),
        "warnings": ["web1: room: 4 % free"],
        "places": {place: {"lost": False} for place in places},
    }
    verdicts = travelled(PREPARED, SWITCHED, COMMITTED)
    verdicts.append(module("release_verified").release_verified(verdicts[-1], checks))
    result = Result(rc=2 if failed else 0, hosts=list(HOSTS), verdicts=verdicts)
    return judge_release(Report("deploy", "staging"), result)


def test_a_live_release_that_passes_its_checks_is_done() -> None:
    report = verified()
    assert report.exit is Exit.DONE
    assert "now serves 1.4.0" in report.message
    assert "warning: web1: room: 4 % free" in report.details


@pytest.mark.parametrize("line", ["web2: page: it answered 500", "public: page: it answered 500"])
def test_a_live_release_that_fails_a_check_needs_a_human_and_stays(line: str) -> None:
    report = verified(line)
    assert report.exit is Exit.NEEDS_HUMAN
    assert report.message == (
        f"staging now serves 1.4.0 (release {RELEASE_ID}), but it does not pass its checks."
    )
    assert report.details == [line, "warning: web1: room: 4 % free"]
    assert "iactl verify staging" in report.next_step and "rollback" in report.next_step


@pytest.mark.parametrize(
    "steps",
    [
        (PREPARED, ("switch", {"web1": answered("switch"), "web2": refused("switch", "fenced")})),
        (("prepare", everywhere(refused("prepare", "fenced"))),),
        # It learns of it only when it tidies up behind something else.
        (
            ("prepare", everywhere(refused("prepare", "unhealthy"))),
            ("abort", everywhere(refused("abort", "fenced"))),
        ),
    ],
)
def test_a_run_that_lost_its_lock_says_so_and_promises_nothing(steps: Any) -> None:
    report = judged(*steps)
    assert report.exit is Exit.LOCKED
    assert "lost its lock" in report.message
    assert "unlock" not in report.next_step and "serves as before" not in said(report)


def test_a_lock_that_was_taken_over_is_told() -> None:
    verdicts = travelled(PREPARED, SWITCHED, COMMITTED)
    verdicts[0]["lease"] = {"taken_from": "20260301-101500-dead"}
    report = judge_release(Report("deploy", "staging"), Result(hosts=["web1"], verdicts=verdicts))
    assert "taken over from run 20260301-101500-dead" in said(report)


def test_what_a_dead_run_left_is_named_however_the_next_one_ends() -> None:
    left = {"step": "switch", "release": OLDER_ID, "at": "2026-03-01T10:15:00Z"}
    plan = {"web1": planned(interrupted=left), "web2": planned(interrupted=None)}
    told = f"web1: switch of release {OLDER_ID} was begun at 2026-03-01T10:15:00Z"
    bad = ("prepare", everywhere(refused("prepare", "unhealthy")))
    for report in (
        judged(PREPARED, SWITCHED, COMMITTED, plan=plan, rc=0),
        judged(bad, RETURNED, plan=plan),
    ):
        assert [line for line in report.details if line.startswith(told)], report.details
        assert not [line for line in report.details if line.startswith("web2: switch")]


def test_a_mixed_fleet_is_told_server_by_server() -> None:
    switch = ("switch", {"web1": answered("switch"), "web2": refused("switch", "failed")})
    back = {"web1": answered("abort"), "web2": refused("abort", "failed", "its disk is full.")}
    report = judged(PREPARED, switch, ("abort", back))
    assert report.exit is Exit.NEEDS_HUMAN
    assert report.details[-2:] == [
        "web1 serves 1.3.0.",
        "web2: what it serves is not known; its disk is full.",
    ]


def test_a_lost_server_of_a_mixed_fleet_is_told_as_lost() -> None:
    commit = {"web1": answered("commit"), "web2": refused("commit", "mixed", "another serves.")}
    report = judged(PREPARED, SWITCHED, ("commit", commit))
    assert f"web1 serves 1.4.0 (release {RELEASE_ID})." in report.details
    back = ("abort", {"web1": lost(), "web2": answered("abort")})
    report = judged(PREPARED, ("switch", everywhere(refused("switch", "failed"))), back)
    assert "web1: what it serves is not known; it cannot be reached" in report.details
