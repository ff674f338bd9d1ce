"""What people, GitHub and code scanning get to see."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ci_scripts.exits import CommandError, Exit
from ci_scripts.gates import store
from ci_scripts.gates.reports.files import FILE, write_sarif
from ci_scripts.gates.reports.sarif import sarif
from ci_scripts.gates.reports.summary import summary
from ci_scripts.gates.reports.table import print_verdicts
from ci_scripts.gates.run import choose, outcome
from ci_scripts.gates.scan import SCAN
from ci_scripts.gates.verdict import Accepted, Finding, Verdict, error, judged, not_run
from ci_scripts.github import add_summary, set_output

NASTY = "a|b <img> [x](javascript:1) `c`\x1b[31m\nnext"
FINDING = Finding("B602", NASTY, "src/a b.py", "src/a b.py", 3, "HIGH", ("CVE-1",))
PACKAGE = Finding("PYSEC-1", "jinja2==2", "jinja2", "requirements.lock", 9)
ACCEPTED = Accepted(PACKAGE, "only in tests", "maintainers", "2026-09-01")
FAILED = judged("bandit", [FINDING], 7, "files", tool_version="1.9.4")
PASSED = replace(judged("pip-audit", [], 2, "packages"), accepted=(ACCEPTED,), commit="abc")
BROKE = error("trivy", "no database")
LEFT_OUT = not_run("safety", "no key", optional=True)
ALL = (FAILED, PASSED, BROKE, LEFT_OUT)

# The part of SARIF 2.1.0 that is used, written down from the standard: for each object the
# properties that it may have; those with a star it must have. Objects called "bag" are free.
_SARIF: dict[str, dict[str, str]] = {
    "log": {"$schema": "text", "version*": "text", "runs*": "[run"},
    "run": {
        "tool*": "tool",
        "automationDetails": "automation",
        "invocations": "[invocation",
        "results": "[result",
        "properties": "bag",
    },
    "tool": {"driver*": "driver"},
    "driver": {"name*": "text", "version": "text", "rules": "[rule"},
    "rule": {"id*": "text"},
    "automation": {"id": "text"},
    "invocation": {
        "executionSuccessful*": "flag",
        "toolExecutionNotifications": "[notification",
        "endTimeUtc": "text",
    },
    "notification": {"level": "level", "message*": "message"},
    "message": {"text": "text"},
    "result": {
        "ruleId": "text",
        "level": "level",
        "message*": "message",
        "partialFingerprints": "bag",
        "properties": "bag",
        "locations": "[location",
        "suppressions": "[suppression",
    },
    "suppression": {"kind*": "kind", "justification": "text"},
    "location": {"physicalLocation": "place"},
    "place": {"artifactLocation": "artifact", "region": "region"},
    "artifact": {"uri": "text", "uriBaseId": "text"},
    "region": {"startLine": "line"},
}


def wrong(value: Any, kind: str, where: str = "log") -> list[str]:
    """Return what is not as the standard has it."""
    if kind.startswith("["):
        return [
            text
            for number, one in enumerate(value)
            for text in wrong(one, kind[1:], f"{where}[{number}]")
        ]
    plain = {
        "text": lambda: isinstance(value, str) and value != "",
        "flag": lambda: isinstance(value, bool),
        "line": lambda: isinstance(value, int) and value >= 1,
        "level": lambda: value in ("none", "note", "warning", "error"),
        "kind": lambda: value in ("inSource", "external"),
        "bag": lambda: isinstance(value, dict),
    }
    if kind in plain:
        return [] if plain[kind]() else [f"{where} is {value!r}, no {kind}"]
    known = {name.rstrip("*"): (name.endswith("*"), of) for name, of in _SARIF[kind].items()}
    told = [f"{where}.{name} is unknown" for name in value if name not in known]
    for name, (needed, of) in known.items():
        if name in value:
            told += wrong(value[name], of, f"{where}.{name}")
        elif needed:
            told.append(f"{where}.{name} is missing")
    return told


def test_sarif_is_as_the_standard_has_it() -> None:
    document = sarif(ALL)
    assert wrong(document, "log") == []
    document["runs"][0]["results"][0]["level"] = "fatal"
    del document["runs"][1]["tool"]["driver"]["name"]
    assert len(wrong(document, "log")) == 2


def test_sarif_tells_what_could_not_look_from_what_found_nothing() -> None:
    runs = {run["tool"]["driver"]["name"]: run for run in sarif(ALL)["runs"]}
    succeeded = {name: run["invocations"][0]["executionSuccessful"] for name, run in runs.items()}
    assert succeeded == {"bandit": True, "pip-audit": True, "trivy": False, "safety": False}
    place = runs["bandit"]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "src/a%20b.py"
    suppressed = runs["pip-audit"]["results"][0]["suppressions"]
    assert suppressed[0]["justification"] == "only in tests (maintainers, until 2026-09-01)"


ODD = "src/caf\udce9.py"  # what Python makes of the bytes caf\xe9
SHOWN = "src/caf\\xe9.py"


@pytest.mark.parametrize(
    ("name", "shown", "uri"),
    [
        (ODD, SHOWN, "src/caf%E9.py"),
        ("src/\ud83d.py", "src/\\xed\\xa0\\xbd.py", "src/%ED%A0%BD.py"),
    ],
    ids=["bytes", "half a character"],
)
def test_a_name_that_is_not_utf_8_breaks_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, shown: str, uri: str
) -> None:
    found = judged("bandit", [Finding("B602", f"{name} is bad", name, name, 3)], 7, "files")
    one = replace(found, accepted=(Accepted(found.findings[0], "tests", "me", "2026-09-01"),))
    broke = error("pylint", f"{name}: not looked at.")
    store.merge(tmp_path / store.GATES, [one, broke])
    assert store.read(tmp_path / store.GATES)["bandit"].findings == one.findings
    write_sarif(tmp_path)
    text = (tmp_path / FILE).read_text(encoding="utf-8")
    document = json.loads(text)
    assert wrong(document, "log") == []
    assert "\\ud" not in text
    result = document["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri
    assert result["message"]["text"] == f"{shown} is bad"
    assert result["properties"]["subject"] == shown
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    add_summary(summary("Scan", [one, broke]))
    told = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert told.count(f"bandit: {shown}:3: B602: {shown} is bad") == 2
    assert f"| {shown}: not looked at. |" in told
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    print_verdicts(Console(file=out, width=200), outcome(SCAN, [one, broke], tmp_path))
    out.seek(0)
    printed = out.read()
    assert f"{shown}:3" in printed and f"{shown}: not looked at." in printed


def test_a_finding_keeps_its_fingerprint_when_lines_move() -> None:
    def prints(verdict: Verdict) -> list[str]:
        run = sarif([verdict])["runs"][0]
        return [one["partialFingerprints"]["subject/v1"] for one in run["results"]]

    moved = replace(FAILED, findings=(replace(FINDING, line=40),))
    other = replace(FAILED, findings=(replace(FINDING, subject="src/c.py"),))
    assert prints(FAILED) == prints(moved) != prints(other)


def test_one_sarif_file_for_every_file_of_verdicts(tmp_path: Path) -> None:
    store.merge(tmp_path / store.GATES, [FAILED])
    store.merge(tmp_path / store.LINT, [judged("mypy", [], 3, "files")])
    write_sarif(tmp_path)
    text = (tmp_path / FILE).read_text()
    assert '"bandit"' in text and '"mypy"' in text
    (tmp_path / store.TESTS).write_text("[]")
    with pytest.raises(CommandError, match=store.TESTS):
        write_sarif(tmp_path)


def test_the_summary_shows_every_gate_and_lets_nothing_out_of_its_cell() -> None:
    text = summary("Security scan", ALL)
    assert "| bandit | **fail** | 7 | 1 finding in 7 files. |" in text
    assert "| safety | not_run (allowed) |  | no key |" in text
    assert "| trivy | **error** |  | no database |" in text
    assert "accepted until 2026-09-01: pip-audit: jinja2 (requirements.lock:9)" in text
    assert "<img" not in text and "\x1b" not in text and "\\[x](javascript" in text
    many = replace(FAILED, findings=(FINDING,) * 60)
    assert "and 10 more, in the artifacts" in summary("x", [many])


def test_the_table_at_a_terminal(tmp_path: Path) -> None:
    out = io.StringIO()
    print_verdicts(Console(file=out, width=100), outcome(SCAN, ALL, tmp_path))
    lines = out.getvalue().splitlines()
    assert lines[0].split() == ["gate", "verdict", "looked", "at", "why"]
    assert lines[1].split() == "bandit fail 7 1 finding in 7 files.".split()
    assert "1 passed, 2 did not; safety did not run and did not have to." in out.getvalue()
    assert "\x1b[31m" not in out.getvalue()


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([PASSED], Exit.DONE),
        ([PASSED, LEFT_OUT], Exit.DONE),
        ([LEFT_OUT], Exit.GATE_FAILED),
        ([PASSED, not_run("mypy", "not installed")], Exit.GATE_FAILED),
        ([PASSED, BROKE], Exit.GATE_FAILED),
        ([PASSED, FAILED], Exit.GATE_FAILED),
    ],
)
def test_only_passes_end_with_0(verdicts: list[Verdict], code: Exit, tmp_path: Path) -> None:
    assert outcome(SCAN, verdicts, tmp_path).exit is code


@pytest.mark.parametrize("only", ["bandit,nothing", ",", "Bandit"])
def test_gates_that_there_are_not_are_refused(only: str) -> None:
    with pytest.raises(CommandError) as caught:
        choose(SCAN.gates, only)
    assert caught.value.next_step == "Use some of bandit,safety,pip-audit."


def test_gates_are_chosen_by_name() -> None:
    assert list(choose(SCAN.gates, "pip-audit, bandit")) == ["bandit", "pip-audit"]
    assert list(choose(SCAN.gates, "")) == ["bandit", "safety", "pip-audit"]


def test_an_output_cannot_begin_another(tmp_path: Path) -> None:
    file = tmp_path / "output"
    set_output("verdict", "pass", {"GITHUB_OUTPUT": str(file)})
    with pytest.raises(ValueError, match="more than one line"):
        set_output("verdict", "pass\nadmin=1", {"GITHUB_OUTPUT": str(file)})
    assert file.read_text() == "verdict=pass\n"
    set_output("verdict", "pass", {})
