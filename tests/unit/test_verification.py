"""``iactl verify``: one judgement over all places, watched and shown."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from ci_scripts import verification
from ci_scripts.exits import Exit
from ci_scripts.report import Report
from ci_scripts.runner.result import Result
from ci_scripts.verify_view import (
    print_alert,
    print_end,
    print_unless_shown,
    print_verification,
)
from tests.unit.builders import lost, module

SKIPPED = {"skipped": True, "changed": False}


def one(name: str, healthy: bool = True, severity: str = "critical", **more: Any) -> dict[str, Any]:
    """Return a check's result."""
    told = {"cause": "", "hint": ""} if healthy else {"cause": "it is down", "hint": "look"}
    base = {"name": name, "kind": "http", "severity": severity, "healthy": healthy, **told}
    return {**base, "status": "200", "attempts": 1, "latency": 0.012, "note": "", **more}


def answer(*results: dict[str, Any]) -> dict[str, Any]:
    """Return what ``register`` holds after health_check ran."""
    bad = any(not it["healthy"] and it["severity"] == "critical" for it in results)
    return {"results": list(results), "failed": bad, "msg": "some failed" if bad else ""}


def verdict(
    inside: dict[str, Any], outside: Any = None, views: tuple[str, ...] = ("inside", "outside")
) -> dict[str, Any]:
    """Return the role's own verdict."""
    hostvars = {host: {"verify_inside": told} for host, told in inside.items()}
    next(iter(hostvars.values()))["verify_outside"] = outside or SKIPPED
    judged: dict[str, Any] = module("verify_verdict").verify_verdict(
        list(inside), hostvars, list(views)
    )
    return judged


def judged(told: dict[str, Any] | None, **result: Any) -> Report:
    """Return the report over a verdict."""
    facts = {} if told is None else {"verify_verdict": told}
    return verification.judge(
        Report("verify", "staging"), Result(hosts=["web1"], facts=facts, **result)
    )


def test_all_good_is_exit_0() -> None:
    report = judged(verdict({"web1": answer(one("a"))}, answer(one("b"))))
    assert (report.exit, report.message) == (
        Exit.DONE,
        "staging is healthy: 2 of 2 checks passed.",
    )
    assert set(report.hosts) == {"web1", "public"}


def test_a_warning_is_said_and_is_no_failure() -> None:
    report = judged(verdict({"web1": answer(one("a"), one("b", False, "warning"))}))
    assert report.exit is Exit.DONE
    assert report.message.endswith("1 of 2 checks passed, 1 with a warning.")
    assert report.details == ["warning: web1: b: it is down (look)"]


def test_a_critical_failure_is_exit_5_and_named() -> None:
    report = judged(verdict({"web1": answer(one("a", False)), "web2": answer(one("a"))}))
    assert report.exit is Exit.NEEDS_HUMAN
    assert report.message == "staging is not healthy: 1 critical check failed."
    assert report.details == ["web1: a: it is down (look)"]


def test_a_failure_outside_alone_is_exit_5() -> None:
    report = judged(verdict({"web1": answer(one("a"))}, answer(one("b", False))))
    assert (report.exit, report.details) == (Exit.NEEDS_HUMAN, ["public: b: it is down (look)"])


def test_a_lost_server_is_no_healthy_one() -> None:
    report = judged(verdict({"web1": lost(), "web2": answer(one("a"))}))
    assert report.exit is Exit.NEEDS_HUMAN
    assert report.message == "staging is not healthy: 1 server cannot be reached."
    assert report.details[0].startswith("web1: ") and len(report.details) == 1


@pytest.mark.parametrize("silent", [None, {"failed": True, "msg": "no python"}])
def test_a_server_without_results_is_no_healthy_one(silent: Any) -> None:
    report = judged(verdict({"web1": silent, "web2": answer(one("a"))}))
    assert report.exit is Exit.NEEDS_HUMAN


def test_a_mistake_in_the_checks_is_bad_input() -> None:
    problem = "checks[0].kind: is missing"
    told = {"failed": True, "cause": "input", "msg": f"{problem}.", "problems": [problem]}
    report = judged(verdict({"web1": told, "web2": told}))
    assert (report.exit, report.details) == (Exit.BAD_INPUT, [problem])


def test_an_alert_names_places_and_checks_and_nothing_that_servers_said() -> None:
    report = judged(
        verdict(
            {
                "web1": answer(one("a", False, cause="SENTINEL"), one("b", False), one("c")),
                "web2": answer(one("a"), one("w", False, "warning")),
                "web3": lost(),
                "web4": {"failed": True, "msg": "SENTINEL"},
            },
            answer(one("home page", False)),
        )
    )
    facts = verification.alert_facts(report)
    assert (facts["hosts_ok"], facts["hosts_total"]) == (1, 4)
    assert facts["health"] == (
        "web1: a, b; web3: cannot be reached; web4: gave no answer; public: home page"
    )
    assert facts["next_step"] == "Run 'iactl verify staging'."
    assert "SENTINEL" not in str(facts)


def test_an_alert_over_the_outside_alone_counts_no_servers() -> None:
    report = judged(verdict({"web1": SKIPPED}, answer(one("b", False)), views=("outside",)))
    assert not {"hosts_ok", "hosts_total"} & set(verification.alert_facts(report))


@pytest.mark.parametrize(
    ("command", "data", "said"),
    [
        ("verify", {"notify": "sent"}, "were alerted"),
        ("verify", {"notify": "degraded"}, "iactl notify test staging"),
        ("verify", {"notify": "none"}, ""),
        ("verify", {}, ""),
        ("", {}, "It is bad."),  # nothing was verified, so nothing was shown
    ],
)
def test_after_the_result_only_what_is_new_is_printed(
    command: str, data: dict[str, Any], said: str
) -> None:
    stream = io.StringIO()
    console, report = Console(file=stream, width=110), Report(command, "staging", BAD, "It is bad.")
    report.data = data
    print_alert(console, report)
    print_unless_shown(console, report)
    assert said in stream.getvalue() and bool(stream.getvalue()) is bool(said)


def test_nothing_to_ask_is_bad_input() -> None:
    report = judged(verdict({"web1": SKIPPED}, views=("outside",)))
    assert report.exit is Exit.BAD_INPUT
    assert "app_public_url" in report.next_step


def test_a_run_without_a_verdict_is_no_success() -> None:
    assert judged(None).exit is Exit.INTERNAL
    assert judged(None, failures={"web1": "'app_name' is undefined"}).exit is Exit.BAD_INPUT
    assert judged(None, cancelled=True).exit is Exit.CANCELLED


def watched(*codes: Exit | None) -> tuple[Report, list[Exit], list[Exit]]:
    """Watch rounds that end so, then Ctrl-C; return the end, what was shown, what was alerted."""
    rounds = list(codes)
    shown: list[Exit] = []
    alerted: list[Exit] = []

    def look() -> Report:
        code = rounds.pop(0) if rounds else None
        if code is None:
            raise KeyboardInterrupt
        return Report("verify", "staging", code)

    end = verification.watch(
        look, lambda it: shown.append(it.exit), 0, lambda it: alerted.append(it.exit)
    )
    return end, shown, alerted


GOOD, BAD = Exit.DONE, Exit.NEEDS_HUMAN


@pytest.mark.parametrize("last", [GOOD, BAD])
def test_a_watch_ends_with_the_last_round_s_code(last: Exit) -> None:
    end, shown, _ = watched(GOOD, BAD, last)
    assert (end.exit, end.data["rounds"], shown) == (last, 3, [GOOD, BAD, last])


def test_a_round_that_was_cut_short_does_not_count() -> None:
    end, shown, _ = watched(GOOD, Exit.CANCELLED)
    assert (end.exit, shown) == (GOOD, [GOOD])
    assert watched()[0].exit is Exit.CANCELLED


def test_an_alert_comes_once_each_time_it_turns_bad() -> None:
    assert watched(GOOD, BAD, BAD, GOOD, BAD)[2] == [BAD, BAD]


def test_a_mistake_ends_the_watch() -> None:
    end, shown, _ = watched(Exit.BAD_INPUT, GOOD)
    assert (end.exit, shown) == (Exit.BAD_INPUT, [Exit.BAD_INPUT])


def shown(terminal: bool, report: Report) -> str:
    """Return what is printed."""
    stream = io.StringIO()
    console = Console(file=stream, width=110, force_terminal=terminal, color_system=None)
    print_verification(console, report)
    return stream.getvalue()


def test_a_terminal_gets_a_table_and_a_pipe_plain_lines() -> None:
    report = judged(
        verdict({"web1": answer(one("a"), one("[b]", False)), "web2": answer(one("a"))})
    )
    table = shown(True, report)
    assert "where" in table and "✘ failed" in table and "[b]" in table
    lines = shown(False, report).splitlines()
    assert lines[0] == "ok  web1  a  http  200  12 ms"
    assert lines[1].startswith("failed  web1  [b]")
    assert "is not healthy" in lines[3]


def test_an_answer_cannot_move_the_cursor() -> None:
    report = judged(verdict({"web1": answer(one("a", status="\x1b[2Jx"))}))
    assert "\x1b[2J" not in shown(False, report) + shown(True, report)


def test_the_end_of_a_watch_is_a_sentence() -> None:
    stream = io.StringIO()
    report = judged(verdict({"web1": answer(one("a"))}))
    report.data["rounds"] = 3
    print_end(Console(file=stream, width=110), report)
    assert "3 rounds" in stream.getvalue() and "where" not in stream.getvalue()
    assert json.dumps(report.to_json())
