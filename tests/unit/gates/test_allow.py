"""The allow-list: what an entry covers, when it ends, and what is no entry."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ci_scripts.exits import CommandError
from ci_scripts.gates.allow import FILE, Entry, apply_entries, parse_entries, read_entries
from ci_scripts.gates.catalogue import NAMES
from ci_scripts.gates.verdict import Finding, Outcome, error, judged, not_run
from tests.unit.builders import ROOT

TODAY = date(2026, 3, 1)
FINDING = Finding("PYSEC-1", "bad", subject="jinja2", aliases=("CVE-2026-1",))
OTHER = Finding("PYSEC-2", "worse", subject="flask")
GOOD = {
    "gate": "pip-audit",
    "id": "PYSEC-1",
    "where": "jinja2",
    "reason": "only used in tests",
    "owner": "maintainers",
    "expires": date(2026, 9, 1),
}


def entry(**changes: Any) -> Entry:
    """Return an entry that covers FINDING today."""
    return Entry(**{**GOOD, **changes})


@pytest.mark.parametrize(
    ("entries", "outcome", "left", "accepted"),
    [
        ([entry()], "fail", ["PYSEC-2"], 1),
        ([entry(), entry(id="PYSEC-2", where="")], "pass", [], 2),
        ([entry(id="CVE-2026-1", where="")], "fail", ["PYSEC-2"], 1),
        ([entry(where="flask")], "fail", ["PYSEC-1", "PYSEC-2"], 0),
        ([entry(gate="safety")], "fail", ["PYSEC-1", "PYSEC-2"], 0),
        ([entry(expires=TODAY)], "fail", ["PYSEC-2"], 1),
        ([entry(expires=TODAY - timedelta(1))], "fail", ["PYSEC-1", "PYSEC-2", "expired"], 0),
    ],
    ids=["one", "both", "alias", "elsewhere", "other gate", "last day", "a day after"],
)
def test_what_an_entry_covers(
    entries: list[Entry], outcome: str, left: list[str], accepted: int
) -> None:
    verdict = apply_entries(judged("pip-audit", [FINDING, OTHER], 2, "packages"), entries, TODAY)
    assert verdict.verdict.value == outcome
    assert [one.id for one in verdict.findings] == left
    assert len(verdict.accepted) == accepted


def test_a_name_that_is_not_utf_8_is_accepted_as_the_reports_show_it() -> None:
    finding = Finding("PYSEC-1", "bad", subject="src/caf\udce9.py")
    verdict = judged("pip-audit", [finding], 1, "packages")
    assert apply_entries(verdict, [entry(where="src/caf\\xe9.py")], TODAY).findings == ()
    assert apply_entries(verdict, [entry(where="src/caf.py")], TODAY).findings == (finding,)


def test_an_expired_entry_fails_a_gate_that_finds_nothing() -> None:
    clean = judged("pip-audit", [], 2, "packages")
    verdict = apply_entries(clean, [entry(expires=TODAY - timedelta(1))], TODAY)
    assert verdict.verdict is Outcome.FAIL
    assert "expired on 2026-02-28" in verdict.findings[0].text


def test_an_entry_that_covers_nothing_is_told() -> None:
    verdict = apply_entries(judged("pip-audit", [], 2, "packages"), [entry()], TODAY)
    assert verdict.verdict is Outcome.PASS
    assert verdict.notes == (f"{FILE}: pip-audit PYSEC-1 in jinja2 covers nothing; delete it.",)


@pytest.mark.parametrize(
    "verdict",
    [error("pip-audit", "no answer"), not_run("pip-audit", "no lock"), judged("x", [], 0, "files")],
)
def test_what_was_not_looked_at_cannot_be_accepted(verdict: Any) -> None:
    assert apply_entries(verdict, [entry(gate=verdict.gate)], TODAY) == verdict


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": "  "}, "entry 1: reason"),
        ({"owner": None}, "entry 1: owner"),
        ({"id": ""}, "entry 1: id"),
        ({"expires": None}, "entry 1: expires is a date"),
        ({"expires": "2026-09-01"}, "entry 1: expires is a date"),
        ({"expires": date(2027, 3, 3)}, "a year from today is the longest"),
        ({"gate": "pytest"}, "'pytest' is no gate"),
        ({"severity": "low"}, "entry 1: the fields are"),
    ],
)
def test_what_is_no_entry_is_refused(changes: dict[str, Any], said: str) -> None:
    row = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    with pytest.raises(ValueError, match=said):
        parse_entries({"allow": [row]}, NAMES, TODAY)


@pytest.mark.parametrize("text", ["allow = 3", "[allowed]", "[[allow]", "[[allow]]\n"])
def test_a_file_that_is_none_is_bad_input(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(CommandError, match=FILE):
        read_entries(tmp_path, NAMES, TODAY)


def test_this_project_s_list_can_be_read_on_the_day_it_was_written() -> None:
    document = tomllib.loads((ROOT / FILE).read_text(encoding="utf-8"))
    assert parse_entries(document, NAMES, date(2026, 11, 25))
