"""One page for a run; nothing of it is markup that a tool or a person wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ci_scripts import cli
from ci_scripts.exits import Exit
from ci_scripts.overview.command import cut

from . import evidence

EVIL = "</td><script>alert(1)</script> [click](http://evil.example) `x` | y\n## owned\x1b[31m"


def verdicts(*rows: tuple[str, str]) -> str:
    told = [{"gate": gate, "verdict": one, "reason": EVIL, "scanned": 3} for gate, one in rows]
    return json.dumps({"schema": 1, "verdicts": told})


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    files = {
        "lint/lint-verdicts.json": verdicts(("black", "pass"), ("pylint", "fail")),
        "lint/pylint-report.json": json.dumps({"messages": [], "statistics": {}}),
        "security-scan/gate-verdicts.json": verdicts(("bandit", "pass"), ("safety", "not_run")),
        "release.json": json.dumps(evidence.release()),
        "deploy-report.json": json.dumps(
            {"command": "deploy", "environment": "staging", "outcome": "done", "message": EVIL}
        ),
        "test/coverage.xml": '<?xml version="1.0"?><coverage line-rate="0.934"><x/></coverage>',
        "test/junit.xml": '<all><testsuite tests="12" failures="1" errors="0"/></all>',
        "hipaa-results.json": json.dumps({"counts": {"pass": 9, "fail": 1}, "note": "a note"}),
    }
    return evidence.write(tmp_path, dict(files))


def summary(folder: Path) -> Result:
    return CliRunner().invoke(cli.app, ["ci", "summary", "--output", str(folder), "--json"])


def test_every_verdict_and_result_is_on_the_page(
    artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(artifacts / "step"))
    result = summary(artifacts)
    page = (artifacts / "summary.md").read_text()
    for text in ("| black | pass |", "| pylint | **fail** |", "| safety | **not_run** |"):
        assert text in page
    for text in (evidence.DIGEST, "93.4% of lines", "12 tests, 1 failures", "9 pass, 1 fail"):
        assert text in page
    assert "cannot be understood" not in page
    assert (artifacts / "step").read_text() == page
    told = json.loads(result.stdout)
    assert (told["data"]["verdicts"], told["data"]["blocking"]) == (4, 2)


def test_what_others_wrote_makes_no_markup(artifacts: Path) -> None:
    summary(artifacts)
    page = (artifacts / "summary.md").read_text()
    assert "<script" not in page and "[click](" not in page.replace("\\[", "")
    assert "\x1b" not in page and "\n## owned" not in page
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {4, 5}


@pytest.mark.parametrize("blocking", ["fail", "error", "not_run"])
def test_a_gate_that_blocks_is_named_and_no_success(tmp_path: Path, blocking: str) -> None:
    there = tmp_path / "lint-verdicts.json"
    there.write_text(verdicts(("black", "pass"), ("pylint", blocking)))
    result = summary(tmp_path)
    assert (result.exit_code, "pylint" in result.output) == (Exit.GATE_FAILED, True)
    there.write_text(verdicts(("black", "pass"), ("pylint", "pass")))
    assert summary(tmp_path).exit_code == Exit.DONE


def test_without_verdicts_it_is_no_success(tmp_path: Path) -> None:
    result = summary(tmp_path)
    assert result.exit_code == Exit.GATE_FAILED
    assert "There are no verdicts" in (tmp_path / "summary.md").read_text()


@pytest.mark.parametrize("text", ["no json", "{}", '{"schema": 1, "verdicts": [{"gate": "x"}]}'])
def test_a_broken_file_is_named_and_no_success(artifacts: Path, text: str) -> None:
    (artifacts / "broken-verdicts.json").write_text(text)
    result = summary(artifacts)
    assert (result.exit_code, "broken-verdicts.json" in result.output) == (Exit.GATE_FAILED, True)


@pytest.mark.parametrize("name", ["release.json", "test/coverage.xml", "test/junit.xml"])
def test_a_result_that_cannot_be_understood_says_so(artifacts: Path, name: str) -> None:
    (artifacts / name).write_text("<nothing")
    summary(artifacts)
    assert "cannot be understood" in (artifacts / "summary.md").read_text()


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    assert summary(tmp_path / "absent").exit_code == Exit.BAD_INPUT


def test_a_page_that_github_would_not_take_is_cut_at_a_line() -> None:
    assert cut("short\n") == "short\n"
    text = cut("ä line of text\n" * 100_000)
    assert len(text.encode()) < 1_000_000
    assert text.endswith("ä line of text\n\nThe rest is in summary.md.\n")
