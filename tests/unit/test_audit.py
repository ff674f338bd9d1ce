"""What the servers' ledgers come to."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest
from ansible.module_utils.iadeploy.ledger import append

from ci_scripts.audit import export, judge_ledgers
from ci_scripts.environments import Environment
from ci_scripts.exits import CommandError, Exit
from ci_scripts.operations import Request
from ci_scripts.report import Report
from ci_scripts.runner.result import Result
from tests.unit.builders import run_module


def answer(problem: str = "", *acknowledged: str) -> dict[str, object]:
    ledger = {"head": "ab" * 32, "length": 3, "problem": problem, "acknowledged": acknowledged}
    return {"ledger": ledger}


def judged(**answers: dict[str, object]) -> Report:
    return judge_ledgers(Report("audit", "staging"), Result(answers=answers))


def test_whole_ledgers_are_counted() -> None:
    report = judged(web1=answer(), web2=answer())
    assert (report.exit, "All 6 records" in report.message) == (Exit.DONE, True)
    assert report.hosts["web2"]["head"] == "ab" * 32


def test_a_broken_one_is_named() -> None:
    report = judged(web1=answer(), web2=answer("record 2 was changed"))
    assert report.exit is Exit.NEEDS_HUMAN
    assert report.details == ["web2: record 2 was changed"]


def test_a_server_that_is_silent_leaves_its_own_exit_code() -> None:
    report = Report("audit", "staging", Exit.REFUSED, "web2 cannot be reached.")
    assert judge_ledgers(report, Result(answers={"web1": answer()})).exit is Exit.REFUSED


def test_what_was_acknowledged_stays_visible() -> None:
    report = judged(web1=answer("", "record 2 was changed"), web2=answer())
    assert report.exit is Exit.DONE
    assert "web1: acknowledged before: record 2 was changed" in report.details


def test_a_copy_is_never_written_over_another(tmp_path: Path) -> None:
    (tmp_path / "ledgers.json").touch()
    with pytest.raises(CommandError, match="is not empty"):
        export(Request(Environment("staging", tmp_path), "ops"), tmp_path)


def test_a_copy_holds_the_record_that_its_head_names_whatever_is_written_meanwhile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = tmp_path / "shop" / "ledger.jsonl"
    ledger.parent.mkdir()
    append(ledger, {"at": "now", "n": 1})
    read = Path.read_bytes

    def read_and_append(path: Path) -> bytes:
        content = read(path)
        if path == ledger:
            with monkeypatch.context() as patch:
                patch.setattr(Path, "read_bytes", read)
                append(ledger, {"at": "now", "n": 2})
        return content

    monkeypatch.setattr(Path, "read_bytes", read_and_append)
    told = run_module("deploy_ledger", {"app": "shop", "state_dir": str(tmp_path)}, capsys)
    lines = b64decode(told["content"]).splitlines()
    assert told["ledger"]["length"] == len(lines)
    assert told["ledger"]["head"] == json.loads(lines[-1])["hash"]
