"""iactl notify findings: who hears of what a scan found, and of a scan that never was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from typer.testing import CliRunner

from ci_scripts import cli
from ci_scripts.findings import Scan, findings
from ci_scripts.gates.store import GATES, to_json
from ci_scripts.gates.verdict import Finding, Verdict, error, judged, not_run
from tests.peers import Receiver, faults
from tests.peers.receiver import SECRET

OPENS = "a sentence for the vault"
FAILED = judged("pip-audit", [Finding("CVE-2099-1", "a hole", "shop")], 12, "packages")
PASSED = judged("bandit", [], 40, "files")
LEFT_OUT = not_run("safety", "There is no key.", optional=True)
SCANS = [
    (Scan("main", (PASSED, LEFT_OUT)), []),
    (Scan("main", (PASSED, FAILED)), ["main: pip-audit: fail: 1 finding in 12 packages."]),
    (Scan("main", (error("trivy", "It broke."),)), ["main: trivy: error: It broke."]),
    (Scan("main", (not_run("safety", ""),)), ["main: safety: not_run: "]),
    (Scan("main"), ["main: it left no verdict, so nothing was looked at"]),
    (Scan("main", fault="no JSON"), ["main: no JSON"]),
]


@pytest.mark.parametrize(("scan", "lines"), SCANS)
def test_what_is_no_pass_is_told(scan: Scan, lines: list[str]) -> None:
    assert findings(scan) == lines


def scanned(folder: Path, *verdicts: Verdict) -> None:
    folder.mkdir(parents=True)
    (folder / GATES).write_text(json.dumps(to_json(verdicts)))


def encrypted(text: str) -> str:
    """Return a file as ``ansible-vault encrypt`` makes it."""
    vault = VaultLib([("default", VaultSecret(OPENS.encode()))])
    return str(vault.encrypt(text).decode())


def run(
    folder: Path,
    receiver: Receiver,
    *arguments: str,
    written: Callable[[str], str] = lambda text: text,
) -> dict[str, Any]:
    """Run the command for an environment whose only channel is the receiver.

    Args:
        written: makes what stands in the file of its settings.
    """
    environment = folder / "inventories" / "staging"
    environment.mkdir(parents=True)
    hosts = {"all": {"children": {"app": {"hosts": {"web1": {"ansible_host": "192.0.2.1"}}}}}}
    settings = {
        "app_name": "shop",
        "notify_webhook_url": receiver.url,
        "notify_webhook_secret": SECRET,
        "notify_log": str(folder / "activity.jsonl"),
    }
    (environment / "hosts.yml").write_text(yaml.safe_dump(hosts))
    (environment / "group_vars").mkdir()
    (environment / "group_vars" / "all.yml").write_text(written(yaml.safe_dump(settings)))
    where = ["--inventories", str(environment.parent), "--evidence", str(folder / "evidence")]
    said = CliRunner().invoke(
        cli.app, ["notify", "findings", "staging", *where, *arguments, "--json"]
    )
    told: dict[str, Any] = json.loads(said.stdout)
    return told


@pytest.mark.slow
def test_findings_of_every_branch_reach_the_channel(tmp_path: Path, receiver: Receiver) -> None:
    scanned(tmp_path / "evidence" / "main", PASSED)
    scanned(tmp_path / "evidence" / "development", FAILED)
    said = run(tmp_path, receiver, "--expect", "main", "--expect", "release")
    assert (said["exit_code"], said["data"]["notify"]) == (0, "sent"), said
    (event,) = receiver.events
    assert event["event"] == "scan_findings"
    assert "development: pip-audit: fail: 1 finding in 12 packages." in event["message"]
    assert "release: it left no verdict" in event["message"]
    assert "main: bandit" not in event["message"]


@pytest.mark.slow
def test_channels_in_a_vault_need_its_password_alone(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned(tmp_path / "evidence" / "main", FAILED)
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD", OPENS)
    said = run(tmp_path, receiver, written=encrypted)
    assert (said["exit_code"], said["data"]["notify"]) == (0, "sent"), said
    assert [event["event"] for event in receiver.events] == ["scan_findings"]


def test_a_clean_scan_tells_nobody(tmp_path: Path, receiver: Receiver) -> None:
    scanned(tmp_path / "evidence" / "main", PASSED, LEFT_OUT)
    said = run(tmp_path, receiver, "--expect", "main")
    assert (said["exit_code"], receiver.events) == (0, [])


@pytest.mark.slow
def test_findings_that_reach_nobody_fail(tmp_path: Path, receiver: Receiver) -> None:
    scanned(tmp_path / "evidence" / "main", FAILED)
    receiver.misbehave(for_good=faults.answers(410))
    said = run(tmp_path, receiver)
    assert (said["exit_code"], said["data"]["notify"]) == (9, "degraded")
