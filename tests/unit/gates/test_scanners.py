"""What the scanners' results come to: each of their lies is an error or a fail, never a pass."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ci_scripts.evidence import EvidenceError
from ci_scripts.gates.locks import Pin
from ci_scripts.gates.scanners import bandit, packages, pip_audit, safety, trivy
from ci_scripts.gates.verdict import Verdict

Document = dict[str, Any]
Change = Callable[[Document], Any]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
FRESH = "2026-03-01T06:11:02.123456789Z"
PINS = (
    Pin("flask", "3.1.0", "requirements.lock", 3),
    Pin("jinja2", "2.4.1", "requirements.lock", 9),
)
VULNERABILITY = {"id": "PYSEC-1", "fix_versions": ["3.0"], "aliases": ["CVE-1"], "description": "x"}

BANDIT: Document = {
    "errors": [],
    "metrics": {"_totals": {"loc": 40}, "./src/a.py": {"loc": 30}, "src/b.py": {"loc": 10}},
    "results": [],
}
ISSUE: Document = {
    "filename": "./src/a.py",
    "issue_confidence": "HIGH",
    "issue_severity": "HIGH",
    "issue_text": "shell",
    "line_number": 4,
    "test_id": "B602",
}
PIP_AUDIT: Document = {
    "dependencies": [
        {"name": "flask", "version": "3.1.0", "vulns": []},
        {"name": "jinja2", "version": "2.4.1", "vulns": []},
        {"name": "pycrypto", "version": "2.6.1", "vulns": [{**VULNERABILITY, "id": "PYSEC-9"}]},
    ]
}
SAFETY: Document = {
    "report_meta": {"packages_found": 3, "safety_version": "3.8.1"},
    "scanned_packages": {
        name: {"name": name, "version": version}
        for name, version in (("flask", "3.1.0"), ("jinja2", "2.4.1"), ("pycrypto", "2.6.1"))
    },
    "vulnerabilities": [
        {
            "package_name": "pycrypto",
            "analyzed_version": "2.6.1",
            "vulnerability_id": "35015",
            "advisory": "x",
            "CVE": "CVE-2013-7459",
            "fixed_versions": [],
        }
    ],
    "ignored_vulnerabilities": [],
}
SAFETY_ISSUE = {
    **SAFETY["vulnerabilities"][0],
    "package_name": "jinja2",
    "analyzed_version": "2.4.1",
}
TRIVY: Document = {
    "SchemaVersion": 2,
    "Metadata": {"ImageID": "sha256:00", "OS": {"Family": "debian", "Name": "12.4"}},
    "Results": [{"Target": "shop", "Packages": [{"Name": "libssl3"}], "Vulnerabilities": []}],
}
TRIVY_ISSUE: Document = {
    "VulnerabilityID": "CVE-2026-1",
    "PkgName": "libssl3",
    "InstalledVersion": "3.0.11",
    "FixedVersion": "3.0.13",
    "Severity": "HIGH",
}


def changed(document: Document, change: Change) -> Document:
    """Return a copy of a document with a change."""
    made = copy.deepcopy(document)
    change(made)
    return made


def skip(document: Document, *names: str) -> None:
    """Have pip-audit skip packages, as it does when the index answers 404."""
    document["dependencies"] = [
        {"name": one["name"], "skip_reason": "not found on PyPI"} if one["name"] in names else one
        for one in document["dependencies"]
    ]


def found(verdict: Verdict) -> list[str]:
    """Return the ids of what was found."""
    return [one.id for one in verdict.findings]


@pytest.mark.parametrize(
    ("change", "outcome", "said"),
    [
        (lambda d: None, "pass", "Nothing wrong in 2 files."),
        (lambda d: d["results"].append(ISSUE), "fail", "1 finding"),
        (lambda d: d["results"].append({**ISSUE, "issue_confidence": "MEDIUM"}), "fail", "1 f"),
        (lambda d: d["results"].append({**ISSUE, "issue_confidence": "LOW"}), "pass", "Nothing"),
        (lambda d: d["results"].append({**ISSUE, "issue_severity": "MEDIUM"}), "pass", "Nothing"),
        (
            lambda d: d["errors"].append({"filename": "src/a.py", "reason": "syntax error"}),
            "error",
            "src/a.py: syntax error",
        ),
        (lambda d: d["metrics"].pop("src/b.py"), "error", "src/b.py: not looked at"),
        (lambda d: d["metrics"]["_totals"].update(loc=0), "error", "no line of code"),
    ],
)
def test_bandit(change: Change, outcome: str, said: str) -> None:
    verdict = bandit.judge(changed(BANDIT, change), ["src/a.py", "src/b.py"])
    assert verdict.verdict.value == outcome
    assert said in verdict.reason


@pytest.mark.parametrize(
    ("change", "outcome", "ids"),
    [
        (lambda d: None, "pass", []),
        (lambda d: d["dependencies"][1]["vulns"].append(VULNERABILITY), "fail", ["PYSEC-1"]),
        (lambda d: skip(d, "jinja2"), "fail", ["skipped"]),
        (lambda d: skip(d, "flask", "jinja2", "pycrypto"), "error", []),
        (lambda d: d["dependencies"].pop(1), "error", []),
        (lambda d: d["dependencies"][1].update(version="3.0"), "error", []),
        (lambda d: d["dependencies"][2]["vulns"].clear(), "error", []),
        (lambda d: d["dependencies"].pop(2), "error", []),
        (lambda d: d["dependencies"].clear(), "error", []),
    ],
    ids=[
        "clean",
        "vulnerable",
        "one skipped",
        "all skipped",
        "one missing",
        "other version",
        "a service that knows nothing",
        "no control",
        "nothing",
    ],
)
def test_pip_audit(change: Change, outcome: str, ids: list[str]) -> None:
    verdict = pip_audit.judge([changed(PIP_AUDIT, change)], PINS, FRESH)
    assert (verdict.verdict.value, found(verdict)) == (outcome, ids)


def test_pip_audit_proves_itself_in_every_round() -> None:
    silent = changed(PIP_AUDIT, lambda d: d["dependencies"][2]["vulns"].clear())
    for documents in ([PIP_AUDIT, silent], [silent, PIP_AUDIT]):
        assert pip_audit.judge(documents, PINS, FRESH).verdict.value == "error"
    assert pip_audit.judge([PIP_AUDIT, PIP_AUDIT], PINS, FRESH).verdict.value == "pass"


def test_a_finding_says_the_package_the_lock_and_the_fix() -> None:
    document = changed(PIP_AUDIT, lambda d: d["dependencies"][1]["vulns"].append(VULNERABILITY))
    finding = pip_audit.judge([document], PINS, FRESH).findings[0]
    assert str(finding) == ("jinja2 (requirements.lock:9): PYSEC-1: jinja2==2.4.1, fixed in 3.0. x")
    assert finding.aliases == ("CVE-1",)


def test_the_control_is_told_where_the_project_installs_it() -> None:
    pins = (*PINS, packages.CONTROL)
    assert found(pip_audit.judge([PIP_AUDIT], pins, FRESH)) == ["PYSEC-9"]
    kept = [one["name"] for one in pip_audit.without_control([PIP_AUDIT], pins)["dependencies"]]
    assert kept == ["flask", "jinja2", "pycrypto"]
    assert packages.requirements(pins).count("pycrypto") == 1
    names = [one["name"] for one in pip_audit.without_control([PIP_AUDIT], PINS)["dependencies"]]
    assert names == ["flask", "jinja2"]


@pytest.mark.parametrize(
    ("change", "outcome", "ids"),
    [
        (lambda d: None, "pass", []),
        (lambda d: d["vulnerabilities"].append(SAFETY_ISSUE), "fail", ["35015"]),
        (lambda d: d["ignored_vulnerabilities"].append(SAFETY_ISSUE), "fail", ["35015"]),
        (lambda d: d["report_meta"].update(packages_found=0), "error", []),
        (lambda d: d["scanned_packages"].clear(), "error", []),
        (lambda d: d["scanned_packages"].pop("flask"), "error", []),
        (lambda d: d["vulnerabilities"].clear(), "error", []),
    ],
    ids=["clean", "vulnerable", "silenced", "none found", "none", "one missing", "knows nothing"],
)
def test_safety(change: Change, outcome: str, ids: list[str]) -> None:
    verdict = safety.judge([changed(SAFETY, change)], PINS, FRESH)
    assert (verdict.verdict.value, found(verdict)) == (outcome, ids)
    assert verdict.tool_version == "3.8.1"


def issue(**changes: Any) -> Change:
    """Return the change that adds a vulnerability to trivy's results."""
    row = {key: value for key, value in {**TRIVY_ISSUE, **changes}.items() if value is not None}
    return lambda d: d["Results"][0]["Vulnerabilities"].append(row)


@pytest.mark.parametrize(
    ("change", "outcome", "ids"),
    [
        (lambda d: None, "pass", []),
        (issue(), "fail", ["CVE-2026-1"]),
        (issue(Severity="CRITICAL"), "fail", ["CVE-2026-1"]),
        (issue(FixedVersion=None), "fail", ["CVE-2026-1"]),
        (issue(Severity="MEDIUM"), "pass", []),
        (lambda d: d["Metadata"]["OS"].update(EOSL=True), "fail", ["end-of-life"]),
        (lambda d: d.pop("Results"), "error", []),
        (lambda d: d["Results"][0].pop("Packages"), "error", []),
        (lambda d: d["Metadata"].pop("OS"), "error", []),
        (lambda d: d["Metadata"]["OS"].update(Family="none"), "error", []),
        (lambda d: d["Metadata"].pop("ImageID"), "error", []),
    ],
    ids=[
        "clean",
        "fixable",
        "critical",
        "unfixable",
        "medium",
        "end of life",
        "no results",
        "no packages",
        "no system",
        "unknown system",
        "no image",
    ],
)
def test_trivy(change: Change, outcome: str, ids: list[str]) -> None:
    verdict = trivy.judge(changed(TRIVY, change), FRESH, NOW)
    assert (verdict.verdict.value, found(verdict)) == (outcome, ids)


@pytest.mark.parametrize(("hours", "outcome"), [(0, "pass"), (47, "pass"), (49, "error")])
def test_trivy_s_data_may_be_two_days_old(hours: int, outcome: str) -> None:
    date = (NOW - timedelta(hours=hours)).isoformat()
    assert trivy.judge(TRIVY, date, NOW).verdict.value == outcome


def test_trivy_s_database_has_a_date() -> None:
    document = {"Version": "0.76.0", "VulnerabilityDB": {"UpdatedAt": FRESH}}
    assert trivy.read_database(document) == ("0.76.0", FRESH)
    others: list[Any] = [{"Version": "0.76.0"}, {"VulnerabilityDB": {}}, None, []]
    for broken in others:
        with pytest.raises(EvidenceError, match="no vulnerability database"):
            trivy.read_database(broken)


@pytest.mark.parametrize("document", [None, [], {}, {"errors": 3}, {"dependencies": 3}, "text"])
def test_what_is_no_result_is_never_a_pass(document: Any) -> None:
    with pytest.raises(EvidenceError):
        bandit.judge(document, ["a.py"])
    with pytest.raises(EvidenceError):
        pip_audit.judge([document], PINS, FRESH)
    with pytest.raises(EvidenceError):
        safety.judge([document], PINS, FRESH)
    with pytest.raises(EvidenceError):
        trivy.judge(document, FRESH, NOW)


def test_secrets_stay_out_of_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFETY_API_KEY", "sentinel-key")
    monkeypatch.setattr("ci_scripts.gates.tool.binary", lambda *_: ["safety"])
    assert "sentinel-key" not in " ".join(safety.command(Path("a"), Path("b"), "c"))
