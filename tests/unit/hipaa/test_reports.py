"""What a run leaves behind: four reports that agree, and an exit code."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ci_scripts import cli
from ci_scripts.exits import Exit
from ci_scripts.hipaa import NOTE
from ci_scripts.hipaa.catalogue import checks
from ci_scripts.hipaa.command import told
from ci_scripts.hipaa.image.archive import ImageError
from ci_scripts.hipaa.reports.junit import junit
from ci_scripts.hipaa.reports.record import Record
from ci_scripts.hipaa.reports.text import log, summary
from ci_scripts.hipaa.run import Result as Checked
from ci_scripts.hipaa.source.checks import CHECKS as SOURCE_CHECKS
from ci_scripts.hipaa.source.context import Source
from ci_scripts.hipaa.verdict import Finding, Status, Verdict
from tests.unit.hipaa.tree import APP, Tree

FORBIDDEN = "compliant"
HOSTILE = "\x1b[31mred | `x` <b>&\n[link](x) \x00 \u202e ☠"
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "hipaa.md"
SECRET = "hunter2-hunter2"


def run(tree: Tree, *arguments: str) -> Result:
    tree.git("add", "--all")
    output = tree.root.parent / "out"
    fixed = ["--project", str(tree.root), "--output", str(output)]
    return CliRunner().invoke(cli.app, ["hipaa", *fixed, *arguments])


def written(tree: Tree) -> dict[str, str]:
    """Return every file of the run by its name."""
    return {one.name: one.read_text() for one in (tree.root.parent / "out").iterdir()}


def record(*verdicts: Verdict) -> Record:
    results = [Checked(check, one) for check, one in zip(checks(), verdicts, strict=False)]
    return Record(("shop",), "c0ffee", "2026-03-01T10:15:00Z", "1.0", {}, results)


@pytest.mark.slow
def test_a_defect_ends_in_exit_9_and_stands_in_every_report(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    step_summary = tree.root.parent / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step_summary))
    tree.change(APP, '"{{ vault_secret_key }}"', SECRET)
    lines = (tree.root / APP).read_text().splitlines()
    number = next(index for index, line in enumerate(lines, start=1) if SECRET in line)
    ended = run(tree, "--source")
    assert ended.exit_code == Exit.GATE_FAILED, ended.output
    assert "fail S2: files with variables: 2 looked at, 1 finding." in ended.stderr
    files = written(tree)
    assert set(files) == {"security_test.log", "hipaa-results.json", "hipaa-junit.xml"}
    assert "FAIL            S2   " in files["security_test.log"]
    assert f"{APP}:{number}: app_secrets.SECRET_KEY is a secret" in files["security_test.log"]
    by_id = {one["id"]: one for one in json.loads(files["hipaa-results.json"])["checks"]}
    assert by_id["S2"]["result"] == "fail"
    assert by_id["S2"]["findings"][0]["line"] == number
    failures = ElementTree.fromstring(files["hipaa-junit.xml"]).findall(".//failure/..")
    assert "S2" in [str(one.get("name")).split()[0] for one in failures]
    assert "| S2 | **fail** |" in step_summary.read_text()
    everything = ended.output + step_summary.read_text() + "".join(files.values())
    assert SECRET not in everything
    assert FORBIDDEN not in everything.lower()
    for text in (ended.output, step_summary.read_text(), *files.values()):
        assert NOTE in text


@pytest.mark.slow
def test_reports_that_lie_in_the_project_are_no_part_of_it(tree: Tree) -> None:
    tree.commit_all()
    command = ["hipaa", "--source", "--project", str(tree.root), "--output", str(tree.root)]
    for _ in range(2):
        CliRunner().invoke(cli.app, [*command, "--history", "HEAD~1..HEAD"])
        told_all = json.loads((tree.root / "hipaa-results.json").read_text())
        assert [one["result"] for one in told_all["checks"] if one["id"] == "S1"] == ["pass"]


@pytest.mark.slow
def test_the_json_lists_every_check_with_what_it_does_not_show(tree: Tree) -> None:
    run(tree, "--source")
    told_all: dict[str, Any] = json.loads(written(tree)["hipaa-results.json"])
    assert told_all["schema"] == 1
    ids = [one["id"] for one in told_all["checks"]]
    assert ids[:15] == [f"S{n}" for n in range(1, 12)] + [f"I{n}" for n in range(1, 5)]
    assert ids[15:] == [f"R{n}" for n in range(1, 11)] + [f"O{n}" for n in range(1, 8)]
    for one in told_all["checks"]:
        assert one["limit"] and one["citation"] and one["reason"]
        assert set(one["citation"].values()) <= {"R", "A"}
        assert one["result"] in set(Status)
    untested = {one["id"] for one in told_all["checks"] if one["result"] == "not_tested"}
    assert {f"R{n}" for n in range(1, 11)} | {f"O{n}" for n in range(1, 8)} <= untested
    assert sum(told_all["counts"].values()) == len(ids)


@pytest.mark.parametrize("status", [Status.FAIL, Status.ERROR])
def test_a_fail_and_an_error_both_end_in_exit_9(status: Status) -> None:
    assert told(record(Verdict(status, "why")), Path("log")).exit is Exit.GATE_FAILED


@pytest.mark.parametrize("status", [Status.PASS, Status.NOT_APPLICABLE, Status.NOT_TESTED])
def test_nothing_bad_ends_in_exit_0(status: Status) -> None:
    assert told(record(Verdict(status, "why")), Path("log")).exit is Exit.DONE


def test_foreign_text_breaks_no_report() -> None:
    finding = Finding(HOSTILE, HOSTILE, 1, HOSTILE)
    one = record(Verdict(Status.FAIL, HOSTILE, (finding,), (HOSTILE,)))
    row = [line for line in summary(one).splitlines() if line.startswith("| S1")]
    assert len(row) == 1 and row[0].replace("\\|", "").count("|") == 6
    assert "<b>" not in row[0] and "\\[link" in row[0]
    assert ElementTree.fromstring(junit(one)).get("failures") == "1"
    for text in (log(one), json.dumps(one.to_json(), ensure_ascii=False)):
        assert not {"\x1b", "\x00", "\u202e"} & set(text)


def test_a_name_that_is_not_utf_8_breaks_no_report(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    step_summary = tree.root.parent / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step_summary))
    name = os.fsdecode(b"caf\xe9.py")

    def broken(_: Source) -> Verdict:
        raise ImageError(f"{name} cannot be read")

    bad = Verdict(Status.FAIL, f"{name}: bad", (Finding(name, name, 1, name),), (name,))
    for check in SOURCE_CHECKS:
        monkeypatch.setitem(SOURCE_CHECKS, check, lambda _: bad)
    monkeypatch.setitem(SOURCE_CHECKS, "S11", broken)
    tree.write("hipaa.toml", ACCEPTED)
    tree.root = tree.root.rename(tree.root.with_name(os.fsdecode(b"caf\xe9")))
    ended = run(tree, "--source")
    assert ended.exit_code == Exit.GATE_FAILED, ended.output
    files = written(tree)
    assert "    - caf\\xe9.py:1: caf\\xe9.py  (key: caf\\xe9.py)" in files["security_test.log"]
    assert "Looked at: caf\\xe9\n" in files["security_test.log"]
    by_id = {one["id"]: one for one in json.loads(files["hipaa-results.json"])["checks"]}
    assert by_id["S2"]["findings"][0]["place"] == "caf\\xe9.py"
    assert by_id["S1"]["result"] == "pass", "accepted by the name that the reports show"
    assert by_id["S11"]["reason"] == "caf\\xe9.py cannot be read."
    assert "caf\\xe9.py:1" in files["hipaa-junit.xml"]
    assert "caf\\xe9.py: bad" in step_summary.read_text()


ACCEPTED = """\
[[accepted]]
check = "S1"
reason = "made up"
findings = {'caf\\xe9.py' = ['caf\\xe9.py']}
"""


def test_skipped_tests_say_why_and_errors_are_counted() -> None:
    suite = ElementTree.fromstring(
        junit(
            record(
                Verdict(Status.PASS, "fine"),
                Verdict(Status.NOT_TESTED, "no file"),
                Verdict(Status.NOT_APPLICABLE, "no database"),
                Verdict(Status.ERROR, "broke"),
            )
        )
    )
    assert (suite.get("tests"), suite.get("skipped"), suite.get("errors")) == ("4", "2", "1")
    reasons = [one.get("message") for one in suite.findall(".//skipped")]
    assert reasons == ["not_tested: no file", "not_applicable: no database"]


def test_without_anything_to_look_at_it_is_bad_input(tree: Tree) -> None:
    ended = run(tree)
    assert ended.exit_code == Exit.BAD_INPUT
    assert "--source" in ended.stderr


def test_a_folder_that_is_none_is_bad_input(tree: Tree) -> None:
    ended = CliRunner().invoke(cli.app, ["hipaa", "--source", "--project", "/absent"])
    assert ended.exit_code == Exit.BAD_INPUT and "--project" in ended.stderr
    (tree.root.parent / "out").write_text("a file")
    ended = run(tree, "--source")
    assert ended.exit_code == Exit.BAD_INPUT and "--output" in ended.stderr


def test_the_documentation_lists_every_check_as_the_data_file_has_it() -> None:
    rows = re.findall(r"^\| ([SIRO][0-9]+) \| (.*) \| (.*) \| (.*) \|$", DOCUMENT.read_text(), re.M)
    assert rows == [
        (
            one.id,
            one.title,
            one.cited,
            f"not tested: {one.not_tested}" if one.not_tested else one.limit,
        )
        for one in checks()
    ]


def test_every_citation_is_a_paragraph_of_45_cfr_164() -> None:
    for one in checks():
        for paragraph in one.citation:
            assert re.fullmatch(r"164\.\d{3}(?:\([a-z0-9A-Z]+\))+", paragraph), one.id


def test_the_forbidden_word_stands_nowhere_in_the_package() -> None:
    folder = Path(cli.__file__).parent / "hipaa"
    for path in (DOCUMENT, *folder.rglob("*.py"), *folder.rglob("*.toml")):
        assert FORBIDDEN not in path.read_text().lower(), path
