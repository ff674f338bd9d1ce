"""What people see."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from ci_scripts.console import lasting_console
from ci_scripts.exits import Exit
from ci_scripts.report import Report
from ci_scripts.view import LiveView, print_history, print_report, print_status
from tests.unit.builders import RELEASE_ID


def plain() -> tuple[Console, Callable[[], str]]:
    """Return a console that is no terminal, and what was printed to it."""
    stream = io.StringIO()
    console = Console(file=stream, width=200)
    return console, stream.getvalue


def start(name: str) -> dict[str, Any]:
    return {"event": "playbook_on_task_start", "event_data": {"name": f"release : {name}"}}


def on(kind: str, host: str) -> dict[str, Any]:
    return {"event": f"runner_on_{kind}", "event_data": {"host": host}}


def followed(*events: dict[str, Any], steps: bool = False, title: str = "staging: deploy") -> str:
    console, printed = plain()
    with LiveView(console, title, steps=steps) as live:
        for event in events:
            live.take(event)
    return printed()


def told(text: str) -> list[str]:
    """Return the lines without their elapsed seconds."""
    return [line.split(" s  ", 1)[-1] for line in text.splitlines()]


def test_each_server_s_phase_is_one_line_when_it_ends() -> None:
    text = followed(
        start("Phase prepare"),
        on("start", "web1"),
        on("start", "web2"),
        on("ok", "web1"),
        on("failed", "web2"),
        start("Judge the phase over all servers"),
        on("ok", "web1"),
    )
    assert told(text) == ["staging: deploy", "web1: prepare ✔", "web2: prepare ✘"]


def test_a_lost_server_is_marked_like_a_failed_one() -> None:
    assert "web1: switch ✘" in followed(start("Phase switch"), on("unreachable", "web1"))


def test_phases_follow_one_another() -> None:
    text = followed(
        *[
            event
            for phase in ("plan", "prepare", "switch", "commit")
            for event in (start(f"Phase {phase}"), on("ok", "web1"))
        ]
    )
    assert [line.split(": ")[-1] for line in told(text)[1:]] == [
        "plan ✔",
        "prepare ✔",
        "switch ✔",
        "commit ✔",
    ]


def test_step_by_step_each_task_is_named_and_a_failure_with_its_server() -> None:
    text = followed(start("Install HAProxy"), on("ok", "web1"), on("failed", "web2"), steps=True)
    assert "Install HAProxy" in text and "web2: Install HAProxy ✘" in text
    assert "release :" not in text


def test_the_controller_s_own_tasks_are_nobody_s_progress() -> None:
    assert told(followed(start("Phase plan"), on("ok", "localhost"), on("ok", ""))) == [
        "staging: deploy"
    ]


@pytest.mark.parametrize("event", [{}, {"event": "runner_on_ok"}, {"event": "verbose"}])
def test_any_other_event_is_left_alone(event: dict[str, Any]) -> None:
    assert told(followed(event)) == ["staging: deploy"]


def test_brackets_in_titles_and_servers_are_no_markup() -> None:
    text = followed(
        start("Phase plan"), on("ok", "[bold]web[/x]"), title="deploy [fe80::1]:5000/shop"
    )
    assert "deploy [fe80::1]:5000/shop" in text and "[bold]web[/x]: plan" in text


def test_on_a_terminal_the_view_ends_without_a_trace() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100)
    with LiveView(console, "staging: deploy") as live:
        live.take(start("Phase prepare"))
        live.take(on("start", "web1"))
        live.take(on("ok", "web1"))
    assert all(one in stream.getvalue() for one in ("staging: deploy", "web1", "prepare ✔"))
    assert stream.getvalue().rstrip().endswith("\x1b[2K")


def test_who_stops_reading_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as file:
        monkeypatch.setattr("sys.stderr", file)
        with LiveView(lasting_console(stderr=True), "staging: deploy") as view:
            for event in (start("prepare"), on("ok", "web1"), start("switch"), on("ok", "web1")):
                view.take(event)
        print_report(lasting_console(stderr=True), Report("deploy", "staging", message="done"))


def printed(show: Callable[[Console, Report], None], report: Report) -> str:
    console, text = plain()
    show(console, report)
    return text()


def test_a_success_is_one_line_and_its_next_step() -> None:
    report = Report("deploy", "staging", message="staging now serves 1.4.0.", seconds=2.34)
    report.next_step = "To go back: iactl rollback staging"
    assert printed(print_report, report).splitlines() == [
        "✔ staging now serves 1.4.0.  (2.3 s)",
        "  → To go back: iactl rollback staging",
    ]


def test_a_failure_ends_in_its_exit_code_and_is_explained() -> None:
    report = Report("deploy", "staging", Exit.FAILED, "It failed.", "Do this.", ["web1: why"])
    assert printed(print_report, report).splitlines() == [
        "✘ It failed.  [exit 4]",
        "  web1: why",
        "  → Do this.",
    ]


def test_a_long_line_is_not_broken() -> None:
    report = Report("deploy", "staging", Exit.FAILED, "x" * 500)
    assert "x" * 500 in printed(print_report, report)


HOSTILE = "1.4.0\x1b[31m\x1b]0;t\x07[/bold][red]\u202e"


@pytest.mark.parametrize("where", ["message", "next_step", "details", "version", "actor"])
def test_foreign_text_acts_neither_on_the_terminal_nor_on_the_layout(where: str) -> None:
    row = dict.fromkeys(("release", "version", "slot", "state"), "x")
    entry = {"at": "2026", "action": "deploy", "actor": "ops", "hosts": ["web1"]}
    report = Report("status", "staging", message="m", hosts={"web1": row})
    report.data["history"] = [entry]
    if where == "details":
        report.details = [HOSTILE]
    elif where == "version":
        row["version"] = HOSTILE
    elif where == "actor":
        entry["actor"] = HOSTILE
    else:
        setattr(report, where, HOSTILE)
    text = printed(print_history if where == "actor" else print_status, report)
    assert "1.4.0[/bold][red]" in text
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_a_bot_keeps_its_brackets_in_the_history() -> None:
    row = {"at": "2026-03-01", "action": "deploy", "outcome": "live", "version": "1.4.0"}
    more = {"release": RELEASE_ID, "actor": "dependabot[bot]", "hosts": ["web1", "web2"]}
    text = printed(print_history, Report("history", "staging", data={"history": [{**row, **more}]}))
    cells = text.splitlines()[1].split()
    assert cells == ["2026-03-01", "deploy", "live", "1.4.0", RELEASE_ID, "dependabot[bot]", "2"]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_history_keeps_what_the_next_command_needs(terminal: bool) -> None:
    row = {"at": "2026-03-01T10:15:42Z", "action": "rollback", "outcome": "live", "version": "1.4"}
    more = {"release": RELEASE_ID, "actor": "a-rather-long-name", "hosts": ["web1"]}
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=terminal)
    print_history(console, Report("history", "staging", data={"history": [{**row, **more}]}))
    title, line = stream.getvalue().splitlines()[:2]
    assert "2026-03-01 10:15" in line and RELEASE_ID in line
    assert "schema" not in title
    assert terminal or "a-rather-long-name" in line


def test_a_status_shows_every_server_in_a_row() -> None:
    hosts = {
        "web1": {"version": "1.4.0", "release": RELEASE_ID, "slot": "blue", "state": "running"},
        "web2": {"version": "", "release": "", "slot": "", "state": "unknown"},
    }
    lines = printed(print_status, Report("status", "s", message="m", hosts=hosts)).splitlines()
    assert lines[1].split() == ["web1", "1.4.0", RELEASE_ID, "blue", "running"]
    assert lines[2].split() == ["web2", "unknown"]


def test_a_status_counts_the_processes_where_there_are_any() -> None:
    scheduler = {"name": "scheduler", "per": "fleet", "wanted": 1, "running": 0}
    worker = {"name": "worker", "per": "host", "wanted": 2, "running": 2}
    row = {"version": "1.4.0", "release": RELEASE_ID, "slot": "blue", "state": "running"}
    hosts = {
        "web1": {**row, "processes": [scheduler, worker]},
        "web2": {**row, "processes": [{**scheduler, "wanted": 0}, worker]},
    }
    lines = printed(print_status, Report("status", "s", message="m", hosts=hosts)).splitlines()
    assert lines[0].split()[-1] == "processes"
    assert lines[1].endswith("scheduler 0/1 worker 2/2")
    assert lines[2].split()[-2:] == ["worker", "2/2"] and "scheduler" not in lines[2]


def test_an_empty_status_and_history_have_no_table() -> None:
    assert len(printed(print_status, Report("status", "s", message="m")).splitlines()) == 1
    assert len(printed(print_history, Report("history", "s", message="m")).splitlines()) == 1


def test_json_holds_all_of_a_report_and_the_exit_code_as_a_number() -> None:
    report = Report("deploy", "staging", Exit.NEEDS_HUMAN, "m", "n", ["d"], {"web1": {}}, {"x": 1})
    assert json.loads(json.dumps(report.to_json())) == {
        "schema": 1,
        "command": "deploy",
        "environment": "staging",
        "exit_code": 5,
        "outcome": "needs_human",
        "message": "m",
        "next_step": "n",
        "details": ["d"],
        "hosts": {"web1": {}},
        "data": {"x": 1},
        "seconds": 0.0,
        "at": "",
    }


def test_a_status_shows_where_edges_send_requests() -> None:
    report = Report("status", "staging", message="staging serves 1.4.0 on 2 servers.")
    report.data["edges"] = {
        "edge1": {
            "state": "answers",
            "up": ["web1"],
            "down": {"web2": "it does not answer"},
            "problems": [],
        },
        "edge2": {"state": "unreachable", "up": [], "down": {}, "problems": []},
    }
    console, printed = plain()
    print_status(console, report)
    rows = [line.split() for line in printed().splitlines()]
    assert "edge1 answers web1 web2 (it does not answer)".split() in rows
    assert ["edge2", "unreachable"] in rows
