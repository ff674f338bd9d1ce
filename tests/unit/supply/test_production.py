"""Production's rules: with all evidence a release may go, and with any piece broken it may not."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ci_scripts import cli
from ci_scripts.exits import CommandError, Exit
from ci_scripts.production.settings import settings
from ci_scripts.production.verify import RULES

from . import evidence
from .evidence import COMMIT, DIGEST, IMAGE_ID, OTHER, Change, ago, put


@pytest.fixture(autouse=True)
def no_github(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ask no repository: the head and the approval are among the documents."""
    for name in list(os.environ):
        if name.startswith(("GITHUB_", "GH_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr("ci_scripts.production.verify.collect", lambda *arguments: [])
    yield


def verified(tmp_path: Path, change: Change | None = None, *arguments: str) -> Result:
    documents = copy.deepcopy(evidence.good())
    if change is not None:
        change(documents)
    evidence.write(tmp_path / "evidence", documents)
    evidence.write(tmp_path, {"release.json": evidence.release()})
    folders = ["--evidence", str(tmp_path / "evidence"), "--output", str(tmp_path)]
    record = ["--release", str(tmp_path / "release.json")]
    command = ["ci", "verify-production", "--json", *folders, *record, *arguments]
    return CliRunner().invoke(cli.app, command)


def verdicts(tmp_path: Path) -> dict[str, str]:
    document = json.loads((tmp_path / "production-verdicts.json").read_text())
    return {one["gate"]: one["verdict"] for one in document["verdicts"]}


def test_with_all_evidence_a_release_may_go(tmp_path: Path) -> None:
    result = verified(tmp_path)
    assert result.exit_code == Exit.DONE, result.output
    assert verdicts(tmp_path) == dict.fromkeys(RULES, "pass")


def without(name: str) -> Change:
    def change(documents: dict[str, Any]) -> None:
        del documents[name]

    return change


@pytest.mark.parametrize(
    ("name", "rule", "verdict"),
    [
        ("staging-history.json", "staging", "not_run"),
        ("staging-status.json", "staging", "not_run"),
        ("docker-build/trivy-results.json", "scan", "not_run"),
        ("docker-build/gate-verdicts.json", "scan", "fail"),
        ("weekly/gate-verdicts.json", "weekly", "not_run"),
        ("production-backup.json", "backup", "not_run"),
        ("docker-build/hipaa-results.json", "hipaa", "fail"),
        ("security-scan/hipaa-results.json", "hipaa", "fail"),
        ("head.json", "head", "not_run"),
        ("approval.json", "approval", "not_run"),
    ],
)
def test_a_missing_document_is_no_pass(tmp_path: Path, name: str, rule: str, verdict: str) -> None:
    result = verified(tmp_path, without(name))
    assert result.exit_code == Exit.GATE_FAILED
    assert verdicts(tmp_path) == {**dict.fromkeys(RULES, "pass"), rule: verdict}
    assert f"{rule}: " in "\n".join(json.loads(result.stdout)["details"])


HISTORY, STATUS = "staging-history.json", "staging-status.json"
SCAN, TRIVY = "docker-build/gate-verdicts.json", "docker-build/trivy-results.json"
WEEKLY, BACKUP = "weekly/gate-verdicts.json", "production-backup.json"
SOURCE, IMAGE = "security-scan/hipaa-results.json", "docker-build/hipaa-results.json"
ROWS, MADE = ("data", "history"), ("data", "backup")
BROKEN: dict[str, tuple[str, Change, str]] = {
    "too short in staging": (
        "staging",
        put(HISTORY, *ROWS, 1, "at")(ago(minutes=30)),
        "minutes in staging, less than",
    ),
    "another release went live after it": (
        "staging",
        put(HISTORY, *ROWS, 0, "outcome")("live"),
        "the last release that went live",
    ),
    "it never went live": ("staging", put(HISTORY, *ROWS)([]), "the last release that went live"),
    "a rollback went live after it": (
        "staging",
        put(HISTORY, *ROWS, 0)(
            {"action": "rollback", "outcome": "live", "digest": OTHER, "at": ago(), "hosts": []}
        ),
        "the last release that went live",
    ),
    "one server never got it": (
        "staging",
        put(HISTORY, *ROWS, 1, "hosts")(["web1"]),
        "not go live on all servers",
    ),
    "another digest runs": (
        "staging",
        put(STATUS, "hosts", "web2", "digest")(OTHER),
        f"web2 runs {OTHER}",
    ),
    "nothing runs": ("staging", put(STATUS, "hosts", "web2", "digest")(""), "web2 runs nothing"),
    "a server is down": (
        "staging",
        put(STATUS, "hosts", "web1", "state")("exited"),
        "web1 is exited",
    ),
    "staging is mixed": ("staging", put(STATUS, "exit_code")(5), "staging is not well"),
    "staging has no servers": ("staging", put(STATUS, "hosts")({}), ""),
    "an old look at staging": ("staging", put(STATUS, "at")(ago(hours=3)), "older than 2 hours"),
    "the status of production": (
        "staging",
        put(STATUS, "environment")("production"),
        "not of staging",
    ),
    "another image was scanned": (
        "scan",
        put(TRIVY, "Metadata", "ImageID")(OTHER),
        f"the scan is of {OTHER}",
    ),
    "the scan failed": ("scan", put(SCAN, "verdicts", 0, "verdict")("fail"), "came to fail"),
    "the scan is old": ("scan", put(SCAN, "verdicts", 0, "at")(ago(hours=25)), "the scan is of"),
    "its data are old": (
        "scan",
        put(SCAN, "verdicts", 0, "data_date")(ago(hours=25)),
        "its data is of",
    ),
    "its data have no date": (
        "scan",
        put(SCAN, "verdicts", 0, "data_date")(""),
        "does not say of when",
    ),
    "the scan saw nothing": ("scan", put(TRIVY, "Results")([]), ""),
    "the weekly scan is old": (
        "weekly",
        put(WEEKLY, "verdicts", 1, "at")(ago(days=9)),
        "older than 8 days",
    ),
    "the weekly scan broke": (
        "weekly",
        put(WEEKLY, "verdicts", 0, "verdict")("error"),
        "bandit came to error",
    ),
    "the weekly scan left one out": (
        "weekly",
        put(WEEKLY, "verdicts", 1, "gate")("black"),
        "no verdict of pip-audit",
    ),
    "the head moved on": ("head", put("head.json", "head")("e" * 40), "the head is eeee"),
    "the head of another branch": (
        "head",
        put("head.json", "branch")("development"),
        "of 'development'",
    ),
    "the head was asked for long ago": (
        "head",
        put("head.json", "at")(ago(hours=2)),
        "older than 1 hours",
    ),
    "the head is of tomorrow": ("head", put("head.json", "at")(ago(days=-1)), "still to come"),
    "the backup failed": ("backup", put(BACKUP, "exit_code")(4), "no backup was made"),
    "the backup is old": ("backup", put(BACKUP, *MADE, "at")(ago(hours=3)), "the backup is of"),
    "the backup was not proved": ("backup", put(BACKUP, *MADE, "proved_at")(""), "never restored"),
    "the proof is older than the backup": (
        "backup",
        put(BACKUP, *MADE, "proved_at")(ago(hours=1)),
        "never restored",
    ),
    "the backup is empty": ("backup", put(BACKUP, *MADE, "bytes")(0), "is empty"),
    "the backup of staging": (
        "backup",
        put(BACKUP, "environment")("staging"),
        "not of production",
    ),
    "a security test failed": (
        "hipaa",
        put(SOURCE, "checks", 1, "result")("fail"),
        "X2 came to fail",
    ),
    "a security test broke": (
        "hipaa",
        put(IMAGE, "checks", 1, "result")("error"),
        "X2 came to error",
    ),
    "the source of another commit": (
        "hipaa",
        put(SOURCE, "commit")("e" * 40),
        "report of the source",
    ),
    "the tests of another image": (
        "hipaa",
        put(IMAGE, "subjects")([f"image.tar ({OTHER})"]),
        "report of the image",
    ),
    "old security tests": ("hipaa", put(SOURCE, "at")(ago(days=8)), "older than 7 days"),
    "nobody approved": ("approval", put("approval.json", "approver")(""), "no approver"),
    "another release was approved": (
        "approval",
        put("approval.json", "digest")(OTHER),
        f"the approval is for {OTHER}",
    ),
    "approved for staging": (
        "approval",
        put("approval.json", "environment")("staging"),
        "not for production",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_each_rule_stops_what_breaks_it(tmp_path: Path, case: str) -> None:
    rule, change, said = BROKEN[case]
    result = verified(tmp_path, change)
    assert result.exit_code == Exit.GATE_FAILED, case
    found = verdicts(tmp_path)
    assert found.pop(rule) in ("fail", "error"), result.output
    assert set(found.values()) == {"pass"}, result.output
    assert said in json.dumps(json.loads(result.stdout)["details"])


@pytest.mark.parametrize("name", sorted(evidence.good()))
@pytest.mark.parametrize("text", ["no json", "[]", "{}", "null", '"text"'])
def test_a_document_that_cannot_be_understood_is_no_pass(
    tmp_path: Path, name: str, text: str
) -> None:
    def change(documents: dict[str, Any]) -> None:
        documents[name] = text

    result = verified(tmp_path, change)
    assert result.exit_code == Exit.GATE_FAILED, result.output
    assert len([one for one in verdicts(tmp_path).values() if one != "pass"]) == 1


def test_two_documents_of_one_name_are_not_chosen_from(tmp_path: Path) -> None:
    def change(documents: dict[str, Any]) -> None:
        documents["elsewhere/production-backup.json"] = documents["production-backup.json"]

    result = verified(tmp_path, change)
    assert (result.exit_code, verdicts(tmp_path)["backup"]) == (Exit.GATE_FAILED, "error")
    assert "there are several" in result.output


def test_an_image_of_a_changed_checkout_does_not_go(tmp_path: Path) -> None:
    record = {**evidence.release(), "commit": f"{COMMIT}-dirty"}
    evidence.write(tmp_path, {"changed.json": record})
    result = verified(tmp_path, None, "--release", str(tmp_path / "changed.json"))
    assert (result.exit_code, verdicts(tmp_path)["head"]) == (Exit.GATE_FAILED, "fail")
    assert "which is no commit" in result.output


def test_an_application_without_a_database_says_so_and_needs_no_backup(tmp_path: Path) -> None:
    def change(documents: dict[str, Any]) -> None:
        del documents[BACKUP]

    assert verified(tmp_path, change).exit_code == Exit.GATE_FAILED
    assert verified(tmp_path, change, "--set", "backup_hours=0").exit_code == Exit.DONE
    assert "backup_hours is 0" in (tmp_path / "production-verdicts.json").read_text()


def test_a_limit_can_be_changed(tmp_path: Path) -> None:
    change = put(HISTORY, *ROWS, 1, "at")(ago(minutes=30))
    assert verified(tmp_path, change, "--set", "staging_minutes=20").exit_code == Exit.DONE
    assert verified(tmp_path, change, "--set", "staging_minutes=26").exit_code == Exit.GATE_FAILED


@pytest.mark.parametrize("text", ["moon=1", "staging_minutes", "staging_minutes=-1", "branch="])
def test_a_limit_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(CommandError) as caught:
        settings([text])
    assert caught.value.code is Exit.BAD_INPUT


def test_who_approved_is_known_to_the_steps_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ENV", str(tmp_path / "env"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    assert verified(tmp_path).exit_code == Exit.DONE
    assert (tmp_path / "env").read_text() == "IADEPLOY_APPROVER=ada\n"
    assert "| staging | pass |" in (tmp_path / "summary").read_text()


def test_a_name_that_would_begin_another_variable_is_no_approver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ENV", str(tmp_path / "env"))
    change = put("approval.json", "approver")("ada\nPATH=/tmp/evil")
    assert verified(tmp_path, change).exit_code == Exit.GATE_FAILED
    assert not (tmp_path / "env").exists()


def test_the_record_must_be_one(tmp_path: Path) -> None:
    result = verified(tmp_path, None, "--release", str(tmp_path / "absent.json"))
    assert (result.exit_code, "There is no" in result.output) == (Exit.BAD_INPUT, True)
    assert DIGEST != IMAGE_ID
