"""What a restore comes to, by what its playbook told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ci_scripts import backups
from ci_scripts.environments import Environment
from ci_scripts.exits import Exit
from ci_scripts.operations import Request
from ci_scripts.runner.result import Result
from tests.unit.builders import ROOT

NAME = "20260301-101500-0002"
RESTORED = {
    "backup": {"name": "20260302-101500-0003"},
    "restored": {"name": NAME, "revision": "0002"},
    "remarks": [],
}


def played(monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any] | None, result: Result) -> None:
    """Have the next playbook end so; the first server's answer is one of its events."""

    def run(name: str, folder: Path, variables: dict[str, Any], hear: Any) -> Result:
        if answer is not None:
            facts = {"ansible_facts": {"database_answer": answer}}
            hear({"event": "runner_on_ok", "event_data": {"res": facts}})
        return result

    monkeypatch.setattr(backups, "run_playbook", run)


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    return Request(Environment("staging", tmp_path), "ops")


def test_data_that_came_back_is_told_also_where_a_server_was_lost_afterwards(
    request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = ["web1", "web2"]
    gone = Result(rc=4, hosts=hosts, unreachable={"web2": "Connection timed out"})
    played(monkeypatch, RESTORED, gone)
    report = backups.restore(request_, NAME, first=True)
    assert report.exit is Exit.NEEDS_HUMAN
    assert f"has the data of backup {NAME} again" in report.message
    assert any(line.startswith("web2 was not told of it: ") for line in report.details)
    assert "web2" in report.next_step and report.data["restored"]["name"] == NAME


def test_a_server_that_was_lost_before_leaves_everything_as_it_was(
    request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Result(rc=4, hosts=["web1"], unreachable={"web1": "Connection timed out"})
    played(monkeypatch, None, gone)
    report = backups.restore(request_, NAME, first=True)
    assert (report.exit, "nothing was touched" in report.message) == (Exit.REFUSED, True)


@pytest.mark.parametrize("others", [[], ["web2"]])
def test_a_server_that_was_lost_while_it_restored_may_have_done_it(
    request_: Request, monkeypatch: pytest.MonkeyPatch, others: list[str]
) -> None:
    failures = {host: "Connection timed out" for host in others}
    gone = Result(
        rc=4,
        hosts=["web1", *others],
        unreachable={"web1": "Connection timed out"},
        failures=failures,
    )
    told = {"ansible_facts": {"database_answer": {"unreachable": True, "msg": "timed out"}}}

    def run(name: str, folder: Path, variables: dict[str, Any], hear: Any) -> Result:
        lost = {"task": backups.WORK, "host": "web1"}
        hear({"event": "runner_on_unreachable", "event_data": lost})
        for host in others:
            hear({"event": "runner_on_ok", "event_data": {"res": told, "host": host}})
        return gone

    monkeypatch.setattr(backups, "run_playbook", run)
    report = backups.restore(request_, NAME, first=True)
    assert report.exit is Exit.NEEDS_HUMAN
    assert "to web1 was lost in the restore" in report.message
    assert "iactl history staging" in report.next_step


def test_the_task_that_restores_is_known_by_its_name() -> None:
    tasks = yaml.safe_load((ROOT / "roles" / "database" / "tasks" / "call.yml").read_text())
    assert [one["name"] for one in tasks if "app_database" in one] == [backups.WORK]


def test_a_restore_that_failed_says_why(request_: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"failed": True, "cause": "unavailable", "msg": f"there is no backup {NAME}"}
    played(monkeypatch, told, Result(rc=2, hosts=["web1"]))
    report = backups.restore(request_, NAME, first=True)
    assert (report.exit, report.message) == (Exit.NO_TARGET, told["msg"])
    assert "restored" not in report.data
