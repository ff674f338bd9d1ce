"""What a run said, from events as ansible-core 2.19 and ansible-runner 2.4 emit them."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from ci_scripts.runner.result import Result
from ci_scripts.runner.run import run_playbook

CENSORED = "the output has been hidden due to the fact that 'no_log: true' was specified"


def task(kind: str, host: str, action: str = "app_release", **data: Any) -> dict[str, Any]:
    names = {"task_action": action, "resolved_action": action}
    return {"event": f"runner_on_{kind}", "event_data": {"host": host, **names, **data}}


def taken(*events: dict[str, Any]) -> Result:
    result = Result()
    for event in events:
        result.take(event)
    return result


STATS = {
    "event": "playbook_on_stats",
    "event_data": {"processed": {"web2": 1, "web1": 1}, "changed": {"web1": 2}},
}
VERDICT = {"phase": "plan", "ok": True}
BACK = {"phase": "abort", "ok": True}


def test_the_servers_that_took_part_and_changed_are_known() -> None:
    result = taken(STATS)
    assert (result.hosts, result.changed) == (["web1", "web2"], {"web1": 2})


def test_verdicts_are_kept_in_order_and_other_facts_are_not() -> None:
    fact = "ansible.builtin.set_fact"
    result = taken(
        task("ok", "web1", fact, res={"ansible_facts": {"release_verdict": VERDICT}}),
        task("ok", "web1", fact, res={"ansible_facts": {"release_verdict": BACK}}),
        task("ok", "web1", fact, res={"ansible_facts": {"release_id": "x"}}),
    )
    assert result.verdicts == [VERDICT, BACK]


def test_only_release_info_answers_for_a_server() -> None:
    answer: dict[str, Any] = {"serving": None, "problems": []}
    result = taken(
        task("ok", "web1", "release_info", res=answer),
        task("ok", "web2", "ansible.builtin.command", res=answer),
    )
    assert result.answers == {"web1": answer}


def test_edges_answer_for_themselves() -> None:
    seen = {"servers": {"web1": ""}}
    result = taken(
        task("ok", "web1", "release_info", res={"serving": None}),
        task("skipped", "web1", "proxy_info", res={}),
        task("ok", "edge1", "proxy_info", res=seen),
        task("failed", "edge2", "proxy_info", res={"msg": "HAProxy does not answer"}),
        task("unreachable", "edge3", "proxy_info", res={"msg": "timed out"}),
    )
    assert result.edges == {"edge1": seen, "edge2": {}, "edge3": {}}
    assert set(result.answers) == {"web1"}
    assert (set(result.failures), set(result.unreachable)) == ({"edge2"}, {"edge3"})


def test_a_failure_that_the_judge_reads_is_no_failure_of_the_run() -> None:
    result = taken(task("failed", "web1", ignore_errors=True, res={"censored": CENSORED}))
    assert result.failures == {}


@pytest.mark.parametrize(
    ("res", "told"),
    [
        ({"msg": "plan failed on 2 of 2 servers."}, "plan failed on 2 of 2 servers."),
        (
            {"msg": "non-zero return code", "stderr": "warn\nE: no space\n"},
            "non-zero return code: E: no space",
        ),
        ({"msg": "it said: oops", "stderr": "oops"}, "it said: oops"),
        ({"stderr": "only this"}, "only this"),
        (
            {"msg": "failed to validate", "stderr": "[NOTICE] 2.6\n[ALERT] no key\n[ALERT] Fatal"},
            "failed to validate: [ALERT] no key",
        ),
        (
            {"results": [{"failed": False, "msg": "a"}, {"failed": True, "msg": "b"}], "msg": "c"},
            "b",
        ),
        ({"results": ["text", None], "msg": "c"}, "c"),
        ({}, "failed"),
        (None, "failed"),
    ],
    ids=str,
)
def test_a_failure_s_message_is_what_an_operator_needs(res: Any, told: str) -> None:
    assert taken(task("failed", "web1", ignore_errors=None, res=res)).failures == {"web1": told}


@pytest.mark.parametrize(
    ("res", "told"),
    [
        (
            {"unreachable": True, "msg": "Task failed: Connection refused"},
            "Task failed: Connection refused",
        ),
        ({"censored": CENSORED}, "unreachable"),
        (None, "unreachable"),
    ],
)
def test_a_lost_server_is_known_with_its_reason(res: Any, told: str) -> None:
    assert taken(task("unreachable", "web2", res=res)).unreachable == {"web2": told}


def test_calls_that_reach_a_server_are_counted_and_the_controller_s_own_are_not() -> None:
    events = [
        task("ok", "web1", task_action="app_release"),
        task("failed", "web1", task_action="ansible.legacy.app_release"),
        task("unreachable", "web2", task_action="app_release"),
        task("ok", "web1", task_action="ansible.builtin.set_fact"),
        task("ok", "web2", task_action="include_tasks"),
    ]
    assert taken(*events).remote_calls == {"web1": 2, "web2": 1}


def test_the_last_lines_of_output_are_kept_and_no_more() -> None:
    lines = [{"event": "verbose", "stdout": f"line {n}" if n % 2 else ""} for n in range(100)]
    output = taken(*lines).output
    assert (len(output), output[-1]) == (20, "line 99")


@pytest.mark.parametrize(
    "event",
    [{}, {"event": "x"}, {"event": "runner_on_ok"}, {"event": "runner_on_ok", "event_data": None}],
)
def test_an_event_of_another_kind_changes_nothing(event: dict[str, Any]) -> None:
    assert taken(event) == Result()


def write_inventory(folder: Path, hosts: str) -> Path:
    folder.mkdir()
    (folder / "hosts.yml").write_text(hosts)
    return folder


def test_a_real_run_without_servers_says_so_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.delenv("ANSIBLE_DEBUG", raising=False)
    handlers = signal.getsignal(signal.SIGTERM)
    inventory = write_inventory(tmp_path / "local", "all: {hosts: {}}\n")
    result = run_playbook("status", inventory, {})
    assert (result.rc, result.no_hosts, result.hosts) == (0, True, [])
    assert list(runtime.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) == handlers


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "heard", "cancelled", "hurried"),
    [
        ([signal.SIGINT], [], True, False),
        ([signal.SIGINT, signal.SIGINT], [], True, True),
        ([signal.SIGINT, signal.SIGTERM], [], True, False),
        ([signal.SIGINT, signal.SIGTERM, signal.SIGTERM], [], True, True),
        ([signal.SIGTERM], [signal.SIGINT], False, False),
        ([signal.SIGINT], [signal.SIGINT], True, False),
        ([signal.SIGTERM, signal.SIGINT], [signal.SIGINT], True, False),
    ],
)
def test_a_second_signal_hurries_but_not_the_one_that_ci_sends_before_it_kills(
    tmp_path: Path,
    sent: list[signal.Signals],
    heard: list[signal.Signals],
    cancelled: bool,
    hurried: bool,
) -> None:
    def send(event: dict[str, Any]) -> None:
        if event.get("event") == "playbook_on_start":
            for number in sent:
                signal.raise_signal(number)

    before = {number: signal.getsignal(number) for number in signal.Signals if number in set(sent)}
    inventory = write_inventory(tmp_path / "local", "all: {hosts: {}}\n")
    try:
        result = run_playbook("status", inventory, {}, send, heard=heard)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert (result.cancelled, result.hurried) == (cancelled, hurried)
    assert result.signals == [*heard, *sent]
