"""The judge of a phase: every server counts, the lost ones too."""

from __future__ import annotations

from typing import Any

import pytest

from ci_scripts.exits import Exit
from tests.unit.builders import (
    DIGEST,
    OLDER_ID,
    OTHER_DIGEST,
    RELEASE_ID,
    answered,
    lost,
    module,
    planned,
    refused,
    verdict,
)

PHASES = ("plan", "prepare", "switch", "handover", "commit", "abort")
PLANNED = verdict("plan", {"web1": planned(), "web2": planned()})


def target(release_id: str) -> dict[str, Any]:
    return {"target": {"id": release_id, "version": "1.3.0"}}


@pytest.mark.parametrize("phase", PHASES)
def test_a_phase_is_good_when_every_server_says_so(phase: str) -> None:
    good = planned() if phase == "plan" else answered(phase)
    judged = verdict(phase, {"web1": good, "web2": good}, PLANNED)
    assert (judged["ok"], judged["failed"], judged["exit_code"]) == (True, [], 0)
    assert (judged["phase"], judged["message"], list(judged["hosts"])) == (
        phase,
        "",
        ["web1", "web2"],
    )


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize(
    ("bad", "is_lost"),
    [(refused("PHASE", "failed"), False), (lost(), True), (None, False)],
    ids=["failed", "lost", "silent"],
)
def test_one_bad_server_makes_the_phase_bad(phase: str, bad: Any, is_lost: bool) -> None:
    good = planned() if phase == "plan" else answered(phase)
    bad = {**bad, "phase": phase} if bad and not is_lost else bad
    judged = verdict(phase, {"web1": good, "web2": bad, "web3": good}, PLANNED)
    assert (judged["ok"], judged["failed"]) == (False, ["web2"])
    assert judged["lost"] == (["web2"] if is_lost else [])
    assert judged["message"].startswith(f"{phase} failed on 1 of 3 servers. web2: ")


@pytest.mark.parametrize("phase", PHASES)
def test_a_phase_without_servers_is_never_good(phase: str) -> None:
    judged = verdict(phase, {})
    assert not judged["ok"]
    assert phase in judged["message"]


# phase, the phase before, what the bad server answered, exit code
CODES: list[tuple[str, str, Any, Exit]] = [
    ("plan", "", refused("plan", "input"), Exit.BAD_INPUT),
    ("plan", "", refused("plan", "refused"), Exit.REFUSED),
    ("plan", "", refused("plan", "unavailable"), Exit.NO_TARGET),
    ("plan", "", refused("plan", "locked"), Exit.LOCKED),
    ("plan", "", refused("plan", "failed"), Exit.REFUSED),
    ("plan", "", lost(), Exit.REFUSED),
    ("plan", "", None, Exit.REFUSED),
    ("prepare", "plan", refused("prepare", "refused"), Exit.REFUSED),
    ("prepare", "plan", lost(), Exit.REFUSED),
    ("prepare", "plan", refused("prepare", "locked"), Exit.LOCKED),
    ("prepare", "plan", refused("prepare", "unhealthy"), Exit.FAILED),
    ("prepare", "plan", refused("prepare", "failed"), Exit.FAILED),
    ("prepare", "plan", None, Exit.FAILED),
    ("switch", "prepare", refused("switch", "failed"), Exit.FAILED),
    ("switch", "prepare", refused("switch", "refused"), Exit.FAILED),
    ("switch", "prepare", lost(), Exit.FAILED),
    ("handover", "switch", refused("handover", "unhealthy"), Exit.FAILED),
    ("handover", "switch", lost(), Exit.FAILED),
    ("commit", "switch", refused("commit", "failed"), Exit.DONE),
    ("commit", "switch", lost(), Exit.DONE),
    ("abort", "", refused("abort", "failed"), Exit.FAILED),
    ("abort", "prepare", lost(), Exit.FAILED),
    ("abort", "switch", lost(), Exit.NEEDS_HUMAN),
    ("abort", "handover", lost(), Exit.NEEDS_HUMAN),
    ("abort", "abort", lost(), Exit.NEEDS_HUMAN),
    ("abort", "switch", refused("abort", "failed"), Exit.NEEDS_HUMAN),
]


@pytest.mark.parametrize(("phase", "before", "bad", "code"), CODES)
def test_the_exit_code_says_what_the_failure_means_for_the_fleet(
    phase: str, before: str, bad: Any, code: Exit
) -> None:
    good = planned() if phase == "plan" else answered(phase)
    assert verdict(phase, {"web1": good, "web2": bad}, {"phase": before})["exit_code"] == code


def test_a_held_lock_stays_the_reason_when_the_way_back_meets_it_too() -> None:
    held = {"web1": refused("prepare", "locked"), "web2": answered("prepare")}
    prepare = verdict("prepare", held, PLANNED)
    back = {"web1": refused("abort", "locked"), "web2": answered("abort")}
    assert verdict("abort", back, prepare)["exit_code"] == Exit.LOCKED


@pytest.mark.parametrize(
    ("causes", "code"),
    [
        (("refused", "input"), Exit.BAD_INPUT),
        (("locked", "unavailable"), Exit.NO_TARGET),
        (("refused", "locked"), Exit.LOCKED),
        (("refused", "failed"), Exit.REFUSED),
    ],
)
def test_of_several_causes_in_a_plan_the_operator_s_own_comes_first(
    causes: tuple[str, str], code: Exit
) -> None:
    results = {f"web{index}": refused("plan", cause) for index, cause in enumerate(causes)}
    assert verdict("plan", results)["exit_code"] == code


def test_an_unhealthy_server_outweighs_an_unreachable_one() -> None:
    results = {"web1": lost(), "web2": refused("prepare", "unhealthy")}
    assert verdict("prepare", results, PLANNED)["exit_code"] == Exit.FAILED


def test_a_plan_decides_one_digest_for_the_fleet() -> None:
    judged = verdict("plan", {"web1": planned(), "web2": planned(digest=OTHER_DIGEST)})
    assert (judged["digest"], judged["target"], judged["same"]) == (DIGEST, "", False)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [(True, True, True), (True, False, False), (False, False, False)],
)
def test_a_release_is_there_already_only_when_it_is_on_every_server(
    first: bool, second: bool, same: bool
) -> None:
    results = {"web1": planned(same=first), "web2": planned(same=second)}
    assert verdict("plan", results)["same"] is same


def test_a_rollback_goes_to_the_target_that_all_servers_name() -> None:
    results = {host: planned(**target(OLDER_ID)) for host in ("web1", "web2")}
    assert verdict("plan", results)["target"] == OLDER_ID


@pytest.mark.parametrize("other", [target(RELEASE_ID), {}], ids=["another", "none"])
def test_servers_that_would_go_back_to_different_releases_go_nowhere(other: Any) -> None:
    judged = verdict("plan", {"web1": planned(**target(OLDER_ID)), "web2": planned(**other)})
    assert (judged["ok"], judged["exit_code"]) == (False, Exit.NO_TARGET)
    assert f"web1: {OLDER_ID}" in judged["message"] and "--to" in judged["message"]
    assert judged["failed"] == ["web1", "web2"]


def test_what_the_plan_decided_travels_through_every_phase() -> None:
    judged = PLANNED
    for phase in ("prepare", "switch", "commit"):
        judged = verdict(phase, {"web1": answered(phase)}, judged)
        assert (judged["digest"], judged["same"]) == (DIGEST, False)


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (
            {"failed": True, "msg": "MODULE FAILURE", "module_stderr": "Traceback\nOSError: x\n"},
            "OSError: x",
        ),
        ({"failed": True, "msg": "line one\nlast line\n"}, "last line"),
        (
            {
                "failed": True,
                "msg": "Missing sudo password",
                "exception": "(traceback unavailable)",
            },
            "Missing sudo password",
        ),
        ({"failed": True}, "the module failed without a word"),
        ({"phase": "prepare", "ok": True}, "no result came back"),
        ({}, "no result came back"),
    ],
    ids=["crashed", "said", "told twice", "mute", "stale", "nothing"],
)
def test_a_server_without_a_result_of_this_phase_failed_it(result: Any, told: str) -> None:
    judged = verdict("switch", {"web1": result}, {"phase": "prepare"})
    assert (judged["ok"], judged["hosts"]["web1"]["msg"]) == (False, told)


def test_going_back_stays_the_failure_that_made_it_necessary() -> None:
    failed = verdict("switch", {"web1": refused("switch", "failed"), "web2": answered("switch")})
    back = {"web1": answered("abort"), "web2": answered("abort")}
    judged = verdict("abort", back, failed)
    assert (judged["ok"], judged["exit_code"]) == (True, Exit.FAILED)
    assert judged["because"] == failed["message"] != ""
    assert verdict("switch", back, PLANNED)["because"] == ""


@pytest.mark.parametrize("halt", [True, False], ids=["all stopped", "one did not answer"])
def test_going_back_in_two_calls_ends_with_what_made_it_necessary(halt: bool) -> None:
    failed = verdict("handover", {"web1": refused("handover", "unhealthy"), "web2": lost()})
    stopped = {"web1": answered("abort"), "web2": answered("abort") if halt else lost()}
    first = verdict("abort", stopped, failed)
    assert first["exit_code"] == (Exit.FAILED if halt else Exit.NEEDS_HUMAN)
    judged = verdict("abort", {"web1": answered("abort"), "web2": answered("abort")}, first)
    assert (judged["ok"], judged["exit_code"]) == (True, Exit.FAILED)
    assert judged["because"] == failed["message"] != ""


@pytest.mark.parametrize(
    ("modes", "told"),
    [
        (("none", "none"), "none"),
        (("host", "none"), "host"),
        (("host", "fleet"), "fleet"),
        (("fleet", "none"), "fleet"),
    ],
)
def test_processes_change_hands_as_the_most_careful_server_asks(
    modes: tuple[str, str], told: str
) -> None:
    results = {f"web{number}": planned(handover=mode) for number, mode in enumerate(modes)}
    judged = verdict("plan", results)
    assert judged["handover"] == told
    assert verdict("switch", {"web0": answered("switch")}, judged)["handover"] == told


@pytest.mark.parametrize(
    ("second", "quiet"),
    [
        (answered("handover", quiet=True), True),
        (answered("handover"), False),
        (refused("handover", "failed", quiet=True), False),
        (lost(), False),
    ],
    ids=["stopped", "did more", "failed", "lost"],
)
def test_the_fleet_is_quiet_only_when_every_server_says_so(second: Any, quiet: bool) -> None:
    results = {"web1": answered("handover", quiet=True), "web2": second}
    judged = verdict("handover", results, PLANNED)
    assert judged["quiet"] is quiet
    # What one call has found says nothing of the next one.
    assert verdict("handover", {"web1": answered("handover")}, judged)["quiet"] is False


def test_the_first_container_s_last_log_lines_are_in_the_message() -> None:
    said = ["long before", "File app.py", "ImportError", "starting"]
    logs = [
        refused("prepare", "unhealthy", "", evidence={"log": [f"{line} {n}" for line in said]})
        for n in (1, 2)
    ]
    judged = verdict("prepare", dict(zip(("web1", "web2"), logs)), PLANNED)
    assert judged["message"].endswith(
        "web1: failed web2: failed The container's last log lines:"
        " File app.py 1 | ImportError 1 | starting 1"
    )


def test_a_lost_server_s_reason_is_one_line() -> None:
    said = "@@@@@@\n@ WARNING @\nHOST IDENTIFICATION HAS CHANGED!\r\n" + "x" * 5000
    answer = verdict("switch", {"web1": lost(said)})["hosts"]["web1"]
    assert (answer["ok"], answer["cause"]) == (False, "lost")
    assert "\n" not in answer["msg"] and len(answer["msg"]) <= 1000
    assert "WARNING HOST IDENTIFICATION HAS CHANGED!" in answer["msg"]


def test_only_what_reports_show_is_kept_of_a_result() -> None:
    kept = verdict("switch", {"web1": answered("switch", slot="green", invocation={"x": 1})})
    assert kept["hosts"]["web1"] == {"ok": True, "cause": "", "changed": True, "slot": "green"}


def test_ansible_finds_the_filter_by_its_name() -> None:
    plugin = module("release_verdict")
    assert plugin.FilterModule().filters() == {"release_verdict": plugin.release_verdict}


def test_the_judge_s_exit_codes_are_the_command_s() -> None:
    plugin = module("release_verdict")
    names = ("DONE", "BAD_INPUT", "REFUSED", "FAILED", "NEEDS_HUMAN", "LOCKED", "NO_TARGET")
    assert {name: getattr(plugin, name) for name in names} == {name: Exit[name] for name in names}


@pytest.mark.parametrize(
    ("count", "wanted", "first"),
    [
        (3, "none", 0),
        (3, "0", 0),
        (3, "1", 1),
        (3, "2", 2),
        (3, "3", 0),
        (3, "9", 0),
        (1, "1", 0),
        (3, "25%", 1),
        (8, "25%", 2),
        (9, "25%", 3),
        (3, "100%", 0),
        (3, "0%", 0),
    ],
)
def test_the_canary_is_a_part_of_the_fleet_or_nothing(count: int, wanted: str, first: int) -> None:
    hosts = [f"web{number}" for number in range(count, 0, -1)]
    chosen = module("release_canary").release_canary(hosts, wanted)
    assert chosen == sorted(hosts)[:first]


@pytest.mark.parametrize(
    ("unknown", "canary", "traffic", "said"),
    [
        ([], "none", [100], ""),
        ([], 1, [5, 25, 100], ""),
        ([], "25%", [100], ""),
        (["app_prot", "app_nme"], "none", [100], "app_prot, app_nme is not a setting."),
        ([], "some", [100], 'app_canary is "some".'),
        ([], "101%", [100], 'app_canary is "101%".'),
        ([], "1\n", [100], "app_canary is "),
        ([], -1, [100], 'app_canary is "-1".'),
        ([], "none", [], "app_traffic is []."),
        ([], "none", [25], "app_traffic is [25]."),
        ([], "none", [0, 100], "app_traffic is [0, 100]."),
        ([], "none", [25, 5, 100], "app_traffic is [25, 5, 100]."),
        ([], "none", [5, 5, 100], "app_traffic is [5, 5, 100]."),
        ([], "none", [50, 101], "app_traffic is [50, 101]."),
    ],
)
def test_a_setting_that_cannot_be_carried_out_is_told(
    unknown: list[str], canary: Any, traffic: list[int], said: str
) -> None:
    told = module("release_mistake").release_mistake(unknown, canary, traffic)
    assert told.startswith(said) and bool(told) is bool(said)


ALL = {"began": True, "migrate": True, "gradually": True, "bake": True, "verify": True}
NONE = dict.fromkeys(ALL, False)


@pytest.mark.parametrize(
    ("action", "warm", "handover", "wanted", "steps"),
    [
        ("deploy", False, "none", NONE, "prepare switch commit"),
        ("deploy", True, "none", NONE, "switch commit"),
        ("deploy", False, "host", NONE, "prepare switch handover commit"),
        (
            "deploy",
            False,
            "fleet",
            ALL,
            "began migrate prepare gradually switch handover bake commit verify",
        ),
        ("rollback", True, "none", NONE, "switch commit"),
        ("rollback", False, "fleet", ALL, "began prepare switch handover commit verify"),
    ],
)
def test_a_release_goes_through_what_it_needs_and_no_more(
    action: str, warm: bool, handover: str, wanted: dict[str, bool], steps: str
) -> None:
    plan = {"warm": warm, "handover": handover}
    assert module("release_steps").release_steps(plan, action, wanted) == steps.split()


@pytest.mark.parametrize(
    ("phase", "ok", "same", "told", "held", "endings"),
    [
        ("commit", True, False, False, False, ""),
        ("commit", True, False, False, True, "give_back"),
        ("commit", True, False, True, True, "tell give_back"),
        ("plan", True, True, True, True, "give_back"),
        ("plan", False, False, True, False, "tell fail"),
        ("prepare", False, False, False, True, "bring_back give_back fail"),
        ("bake", False, False, True, True, "bring_back tell give_back fail"),
        ("commit", False, False, True, True, "tell give_back fail"),
    ],
)
def test_a_release_ends_with_what_is_left_to_do(
    phase: str, ok: bool, same: bool, told: bool, held: bool, endings: str
) -> None:
    verdict = {"phase": phase, "ok": ok, "same": same}
    assert module("release_steps").release_endings(verdict, told, held) == endings.split()
