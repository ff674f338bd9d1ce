"""What a migration changes in the judgement of a release, and in what people read."""

from __future__ import annotations

from typing import Any

import pytest

from ci_scripts.exits import Exit
from ci_scripts.outcome import is_live, judge_cancelled, judge_release
from ci_scripts.report import Report
from ci_scripts.runner.result import Result
from ci_scripts.schema_view import schema_cell
from tests.unit.builders import answered, lost, planned, refused, release, verdict

HOSTS = ("web1", "web2")
NEW = {"release": release().summary()}
DROP = ["0003: ALTER TABLE entries DROP COLUMN mood (drops what the old release may use)"]


def migration(**changes: Any) -> dict[str, Any]:
    told = {"before": "0002", "after": "0003", "ran": True, "destructive": []}
    return {**told, "backup": "20260301-101500-0002", "seconds": 1.25, **changes}


def migrated(**changes: Any) -> dict[str, Any]:
    backup = {"name": "20260301-101500-0002", "bytes": 2 << 20, "tables": 5, "rows": 12}
    facts = {"backup": backup, "output": ["Running upgrade"], "remarks": []}
    return answered("migrate", migration=migration(**changes), **facts)


def everywhere(result: Any) -> dict[str, Any]:
    return {host: result for host in HOSTS}


def once(result: Any) -> dict[str, Any]:
    return {"web1": result}


PREPARED = ("prepare", everywhere(answered("prepare", **NEW)))
SWITCHED = ("switch", everywhere(answered("switch")))
COMMITTED = ("commit", everywhere(answered("commit")))
RETURNED = ("abort", everywhere(answered("abort")))
FETCHED = ("fetch", everywhere(answered("fetch", **NEW)))
SICK = ("bake", everywhere(refused("bake", "unhealthy", "it errs.")))


def travelled(*steps: tuple[str, dict[str, Any]], **plan: Any) -> list[dict[str, Any]]:
    verdicts = [verdict("plan", everywhere(planned(**plan)))]
    for phase, results in steps:
        verdicts.append(verdict(phase, results, verdicts[-1]))
    return verdicts


def judged(
    *steps: tuple[str, dict[str, Any]], command: str = "deploy", rc: int = 2, **plan: Any
) -> Report:
    result = Result(rc=rc, hosts=list(HOSTS), verdicts=travelled(*steps, **plan))
    return judge_release(Report(command, "staging"), result)


def said(report: Report) -> str:
    return "\n".join([report.message, *report.details, report.next_step])


def test_what_one_server_migrated_counts_for_all() -> None:
    last = travelled(FETCHED, ("migrate", once(migrated())))[-1]
    assert (last["ok"], list(last["hosts"])) == (True, ["web1"])
    assert (last["migration"]["after"], last["one_way"]) == ("0003", False)


@pytest.mark.parametrize(
    ("phase", "result", "code"),
    [
        ("fetch", refused("fetch", "refused"), Exit.REFUSED),
        ("fetch", lost(), Exit.REFUSED),
        ("fetch", refused("fetch", "locked"), Exit.LOCKED),
        ("fetch", refused("fetch", "unhealthy"), Exit.FAILED),
        ("migrate", refused("migrate", "refused"), Exit.REFUSED),
        ("migrate", refused("migrate", "migration"), Exit.FAILED),
        ("migrate", lost(), Exit.FAILED),
        ("migrate", refused("migrate", "locked"), Exit.LOCKED),
    ],
)
def test_before_any_server_moved_a_failure_keeps_its_exit_code_after_the_abort(
    phase: str, result: Any, code: Exit
) -> None:
    steps = [FETCHED, ("migrate", once(result))] if phase == "migrate" else []
    verdicts = travelled(*(steps or [("fetch", everywhere(result))]), RETURNED)
    assert [one["exit_code"] for one in verdicts[-2:]] == [code, code]


def test_a_success_tells_schema_backup_and_the_last_lines() -> None:
    report = judged(FETCHED, ("migrate", once(migrated())), PREPARED, SWITCHED, COMMITTED, rc=0)
    assert report.exit is Exit.DONE
    assert "The schema went from 0002 to 0003, in 1.2 s on web1." in report.details
    assert "2.0 MiB, 5 tables and 12 rows proved by restoring them" in said(report)
    assert "  | Running upgrade" in report.details


@pytest.mark.parametrize(
    ("before", "told"),
    [("0002", "went from 0002 to a revision that is not known"), ("", "was migrated")],
)
def test_a_revision_that_nobody_could_read_is_not_taken_for_an_empty_schema(
    before: str, told: str
) -> None:
    ran = ("migrate", once(migrated(before=before, after="")))
    report = judged(FETCHED, ran, PREPARED, SWITCHED, COMMITTED, rc=0)
    assert f"The schema {told}, in 1.2 s on web1." in report.details


def test_nothing_pending_is_told() -> None:
    result = answered("migrate", migration=migration(before="0003", ran=False), remarks=[])
    report = judged(FETCHED, ("migrate", once(result)), PREPARED, SWITCHED, COMMITTED)
    assert "No migration was pending; the schema is at 0003." in report.details


def test_a_candidate_that_fails_after_the_migration_leaves_the_schema_and_says_so() -> None:
    sick = ("prepare", everywhere(refused("prepare", "unhealthy", "it exits.", **NEW)))
    report = judged(FETCHED, ("migrate", once(migrated())), sick, RETURNED)
    assert report.exit is Exit.FAILED
    assert "every server serves 1.3.0 as before" in report.message
    assert "The schema was migrated before: it went from 0002 to 0003, and stays so." in (
        report.details
    )
    assert "may not run on it" not in said(report)
    steps = FETCHED, ("migrate", once(migrated(destructive=DROP))), sick, RETURNED
    assert "what serves now may not run on it" in said(judged(*steps))
    assert "20260301-101500-0002" in said(judged(*steps))


@pytest.mark.parametrize("result", [refused("prepare", "refused"), lost()], ids=["refused", "lost"])
def test_after_a_migration_nothing_is_refused_before_anything_was_touched(result: Any) -> None:
    ran = ("migrate", once(migrated()))
    assert judged(FETCHED, ran, ("prepare", everywhere(result)), RETURNED).exit is Exit.FAILED


def test_after_a_destructive_migration_a_bad_bake_stays_and_needs_a_human() -> None:
    ran = ("migrate", once(migrated(destructive=DROP)))
    verdicts = travelled(FETCHED, ran, PREPARED, SWITCHED, SICK)
    assert verdicts[-1]["one_way"] is True
    report = judged(FETCHED, ran, PREPARED, SWITCHED, SICK, COMMITTED)
    assert report.exit is Exit.NEEDS_HUMAN
    assert report.message == (
        "bake failed on 2 of 2 servers, but 1.4.0 (release 20260301-101500-ab12cd) stays:"
        " its migration was destructive."
    )
    assert "iactl restore" in report.next_step
    assert "what serves now may not run on it" not in said(report)


@pytest.mark.parametrize(
    "phase", ["plan", "fetch", "migrate", "prepare", "switch", "bake", "abort"]
)
def test_whether_there_is_a_way_back_is_a_boolean_in_every_verdict(phase: str) -> None:
    # Ansible refuses a condition that is None, and would not go back then.
    good = planned() if phase == "plan" else answered(phase)
    assert verdict(phase, everywhere(good), {"phase": "", "exit_code": 0})["one_way"] is False


def test_a_run_that_ends_before_anybody_went_back_claims_nothing() -> None:
    report = judged(PREPARED, SWITCHED, SICK)
    assert report.exit is Exit.NEEDS_HUMAN
    assert "what the servers serve is not known" in report.message


def test_a_server_that_cannot_stay_either_is_named() -> None:
    ran = ("migrate", once(migrated(destructive=DROP)))
    half = {"web1": answered("commit"), "web2": refused("commit", "mixed")}
    report = judged(FETCHED, ran, PREPARED, SWITCHED, SICK, ("commit", half))
    assert report.exit is Exit.NEEDS_HUMAN
    assert "bring web2 back by hand" in report.next_step


@pytest.mark.parametrize(
    ("destructive", "steps", "begun", "live"),
    [
        (DROP, (PREPARED, SWITCHED), ["prepare", "switch"], True),
        (DROP, (PREPARED, SWITCHED), ["prepare", "switch", "bake"], True),
        (DROP, (PREPARED,), ["prepare", "switch"], True),  # some servers may have switched
        (DROP, (PREPARED,), ["prepare"], False),
        ([], (PREPARED, SWITCHED), ["prepare", "switch"], False),
    ],
)
def test_a_cancel_goes_on_where_there_is_no_way_back(
    destructive: list[str], steps: tuple[Any, ...], begun: list[str], live: bool
) -> None:
    ran = ("migrate", once(migrated(destructive=destructive)))
    run = Result(verdicts=travelled(FETCHED, ran, *steps), begun=["plan", "migrate", *begun])
    assert is_live(run) is live


@pytest.mark.parametrize(
    ("steps", "live"),
    [
        ((PREPARED, SWITCHED, SICK), True),
        ((PREPARED, ("switch", {"web1": answered("switch"), "web2": lost()})), True),
        ((("prepare", everywhere(refused("prepare", "unhealthy"))),), False),
    ],
    ids=["bad bake", "half a switch", "bad candidate"],
)
def test_a_cancel_while_a_failure_is_handled_goes_no_way_back_either(
    steps: tuple[Any, ...], live: bool
) -> None:
    # Of a release that failed, all tasks are reached and skipped.
    begun = ["plan", "fetch", "migrate", "prepare", "switch", "bake", "commit"]
    ran = ("migrate", once(migrated(destructive=DROP)))
    assert is_live(Result(verdicts=travelled(FETCHED, ran, *steps), begun=begun)) is live


def test_a_cancel_says_what_became_of_the_schema() -> None:
    back = Result(verdicts=[verdict(*RETURNED)])
    during = Result(verdicts=travelled(FETCHED), begun=["plan", "fetch", "migrate"])
    report = judge_cancelled(Report("deploy", "staging"), during, back)
    assert "Its migration was ended" in said(report)
    before = Result(verdicts=travelled(FETCHED), begun=["plan", "fetch"])
    assert judge_cancelled(Report("deploy", "staging"), before, back).details == []
    after = Result(
        verdicts=travelled(FETCHED, ("migrate", once(migrated()))), begun=["migrate", "prepare"]
    )
    report = judge_cancelled(Report("deploy", "staging"), after, back)
    assert "it went from 0002 to 0003" in said(report)


def test_a_rollback_s_plan_tells_what_it_means_for_the_schema_once() -> None:
    told = "The schema stays at 0003, which 1.3.0 has not seen"
    steps = PREPARED, SWITCHED, COMMITTED
    report = judged(*steps, command="rollback", schema=told, target={"id": "x"})
    assert report.details.count(f"{told}.") == 1


@pytest.mark.parametrize(
    ("entry", "cell"),
    [
        ({}, ""),
        ({"migration": migration()}, "0002 → 0003"),
        ({"migration": migration(before="")}, "empty → 0003"),
        ({"migration": migration(after="")}, "0002 → not known"),
        ({"migration": migration(before="", after="")}, ""),
        ({"migration": migration(ran=False, after="0002")}, "0002"),
        ({"schema": "0001"}, "0001"),
    ],
)
def test_the_history_shows_what_happened_to_the_schema(entry: dict[str, Any], cell: str) -> None:
    assert schema_cell(entry) == cell
