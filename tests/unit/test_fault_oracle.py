"""The oracle of the fault suite sees what it is there for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from iadeploy.ledger import append

from tests.faults import oracle
from tests.faults.results import Result, page, table
from tests.faults.truth import Truth, chain_break
from tests.fleet.report import Failure, Span, Version

DIGEST = "sha256:" + "a" * 64
SERVING = {
    "release": "r2",
    "slot": "green",
    "digest": DIGEST,
    "name": "shop-r2",
    "state": "running",
}
TOLD = {"release": "r2", "slot": "green", "digest": DIGEST, "state": "running", "version": "2.0.0"}


@pytest.fixture
def good(tmp_path: Path) -> Truth:
    """A server at rest that serves 2.0.0."""
    ledger = tmp_path / "ledger.jsonl"
    for facts in (
        {"kind": "intent", "action": "deploy"},
        {"kind": "outcome", "outcome": "live", "version": "2.0.0", "digest": DIGEST},
    ):
        append(ledger, {"at": "2026-03-01T10:00:00Z", **facts})
    states = {"blue": "maint", "green": "ready"}
    text = ledger.read_text(encoding="utf-8")
    return Truth([SERVING], states, "2.0.0", "", {"held": False, "run": "r2"}, text, [], False, [])


def judged(truth: Truth, told: dict[str, Any] = TOLD) -> list[str]:
    there = {"web1": truth}
    return [
        *oracle.judge_hosts(there, {"web1": told}),
        *oracle.judge_ledgers(there),
        *oracle.judge_rest(there, "2.0.0"),
        *oracle.judge_secrets(["sentinel"], ["fine"], there),
    ]


def test_a_server_at_rest_has_nothing_wrong(good: Truth) -> None:
    assert judged(good) == []


JOURNAL = json.dumps({"step": "switch", "release": "r3"})
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another version serves": ({"served": "1.0.0"}, "users get '1.0.0'"),
    "nothing serves": ({"containers": [], "served": ""}, "it is 'nothing runs'"),
    "both slots take traffic": (
        {
            "states": {"blue": "ready", "green": "ready"},
            "containers": [SERVING, {**SERVING, "name": "shop-r3", "slot": "blue"}],
        },
        "it is ''",
    ),
    "a second container": (
        {"containers": [SERVING, {**SERVING, "name": "shop-r3", "slot": "blue"}]},
        "2 containers run",
    ),
    "an open journal": ({"journal": JOURNAL}, "status does not tell what was interrupted"),
    "work goes on": ({"working": True}, "something is still being done"),
    "a held lock": ({"lease": {"held": True, "run": "r2"}}, "the lock is still held by r2"),
    "a file left behind": ({"left": [".journal.json.new"]}, "left behind: .journal.json.new"),
    "a secret in a file": ({"leaks": ["docker inspect"]}, "a secret in docker inspect"),
}


@pytest.mark.parametrize(("change", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told(good: Truth, change: dict[str, Any], told: str) -> None:
    assert told in "\n".join(judged(replace(good, **change)))


def test_a_status_that_is_not_true_is_told(good: Truth) -> None:
    for name in TOLD:
        assert f"status tells {name} 'else'" in "\n".join(judged(good, {**TOLD, name: "else"}))
    assert oracle.judge_hosts({"web1": good}, {}) != []


def test_an_edited_a_torn_and_an_untrue_ledger_are_told(good: Truth) -> None:
    assert chain_break(good.ledger) == ""
    assert chain_break(good.ledger.replace("intent", "INTENT")) == "line 1"
    assert chain_break(good.ledger.split("\n", 1)[1]) == "line 1"
    assert chain_break(good.ledger[:-1]) == "the last line is torn"
    stranger = replace(good, containers=[{**SERVING, "digest": "sha256:else"}])
    assert "is not the one that serves" in "\n".join(judged(stranger))


def span(**facts: Any) -> Span:
    seen = {"2.0.0": Version(100, 0.0, 10.0)}
    usual: dict[str, Any] = {"sent": 100, "failed": 0, "retried": 0, "unsent": 0, "versions": seen}
    rest: dict[str, Any] = {"label": "all", "begin": 0.0, "duration": 10.0, "longest_gap": 0.1}
    more: dict[str, Any] = {"gaps": {}, "statuses": {}, "latency_p50": None, "latency_p99": None}
    return Span(**{**usual, **rest, **more, "failures": [], **facts})


USERS: dict[str, dict[str, Any]] = {
    "1 of 100 requests failed (3.00 s: refused)": {
        "failed": 1,
        "failures": [Failure(3.0, "http://web1/", 0, "refused")],
    },
    "2 kept connections were closed": {"retried": 2},
    "3 requests could not be sent": {"unsent": 3},
    "users saw 9.9.9": {"versions": {"9.9.9": Version(1, 0.0, 0.0)}},
    "nobody was served": {"versions": {}},
}


@pytest.mark.parametrize(("told", "facts"), USERS.items(), ids=USERS)
def test_what_users_met_is_told(told: str, facts: dict[str, Any]) -> None:
    assert oracle.judge_users(span(), {"2.0.0"}) == []
    assert told in "\n".join(oracle.judge_users(span(**facts), {"2.0.0"}))


def test_a_secret_that_was_told_is_found(good: Truth) -> None:
    texts = ["fine", "the password is sentinel-1"]
    assert len(oracle.judge_secrets(["sentinel-1"], texts, {"web1": good})) == 1


def test_results_stand_in_the_table_and_on_the_page() -> None:
    held = Result(2, "cancelled", "kept the old release", True, 600, 0, 0.123, 9.9)
    broken = replace(held, number=1, name="killed", passed=False, failed=7)
    shown = table([held, broken]).splitlines()
    assert shown[0].split() == ["row", "fault", "outcome", "failed", "gap", "seconds"]
    assert [line.split()[:2] for line in shown[1:3]] == [["1", "killed"], ["2", "cancelled"]]
    assert "**failed**" in shown[1] and shown[-1] == "1 of 2 rows held, 20 s"
    told = page([held, broken], 9.0)
    assert "| cancelled | kept the old release | 600 | 0 | 0.12 s | 10 |" in told
    assert "## 24. " in told
