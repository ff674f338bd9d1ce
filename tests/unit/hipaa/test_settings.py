"""hipaa.toml: what it may hold, and what is accepted by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ci_scripts.exits import CommandError, Exit
from ci_scripts.hipaa.run import accept, run_checks
from ci_scripts.hipaa.settings import Accepted, Settings, read_settings
from ci_scripts.hipaa.verdict import Finding, Status, Verdict, judged, together
from tests.unit.hipaa.tree import Tree

TODAY = date(2026, 3, 1)
ONE, OTHER = Finding("bad", "a.py", 3, "k1"), Finding("bad", "a.py", 9, "k2")
ENTRY = Accepted("S7", "a.py", ("k1",), "made up", None)


UNTIL = "[[accepted]]\ncheck = 'S1'\nreason = 'r'\nfindings = {a = ['k']}\nuntil = "


def accepting(*entries: Accepted, findings: tuple[Finding, ...] = (ONE, OTHER)) -> Verdict:
    verdict = Verdict(Status.FAIL, "2 findings", findings)
    return accept("S7", verdict, Settings(accepted=entries), TODAY)


def test_an_accepted_finding_is_left_out_and_told() -> None:
    verdict = accepting(ENTRY)
    assert (verdict.status, verdict.findings) == (Status.FAIL, (OTHER,))
    assert "1 accepted with a reason in hipaa.toml." in verdict.notes


def test_a_check_whose_findings_are_all_accepted_passes_with_a_note() -> None:
    verdict = accepting(replace(ENTRY, keys=("k1", "k2"), until=TODAY))
    assert (verdict.status, verdict.findings) == (Status.PASS, ())
    assert "2 accepted with a reason in hipaa.toml." in verdict.notes


@pytest.mark.parametrize(
    "change",
    [{"until": date(2026, 2, 28)}, {"check": "S1"}, {"path": "b.py"}, {"keys": ("k3",)}],
    ids=str,
)
def test_an_entry_accepts_nothing_else(change: dict[str, object]) -> None:
    entry = replace(ENTRY, **change)  # type: ignore[arg-type]
    assert accepting(entry).findings == (ONE, OTHER)


TREE = Verdict(Status.FAIL, "2 findings", (ONE, OTHER))
ALL = replace(ENTRY, keys=("k1", "k2"))


@pytest.mark.parametrize(
    "status", [Status.ERROR, Status.NOT_TESTED, Status.PASS, Status.NOT_APPLICABLE], ids=str
)
def test_accepted_findings_of_one_part_leave_the_others_as_they_are(status: Status) -> None:
    parts = [("tree", TREE), ("history", Verdict(status, "why"))]
    nested = together([("", together(parts)), ("", Verdict(Status.NOT_APPLICABLE, "none"))])
    wanted = Status.PASS if status is Status.NOT_APPLICABLE else status
    for whole in (together(parts), nested):
        assert whole.status is Status.FAIL
        accepted = accept("S7", whole, Settings(accepted=(ALL,)), TODAY)
        assert (accepted.status, accepted.findings) == (wanted, ())
        assert "history: why" in accepted.reason
        assert "2 accepted with a reason in hipaa.toml." in accepted.notes
        left = accept("S7", whole, Settings(accepted=(ENTRY,)), TODAY)
        assert (left.status, left.findings) == (Status.FAIL, (OTHER,))


def test_findings_of_a_check_that_looked_at_nothing_cannot_be_accepted_to_a_pass() -> None:
    verdict = judged([ONE], 0, "gates")
    assert verdict.status is Status.FAIL
    assert accept("S7", verdict, Settings(accepted=(ALL,)), TODAY).status is Status.ERROR


def test_an_error_is_never_accepted() -> None:
    verdict = Verdict(Status.ERROR, "broke", (ONE,))
    assert accept("S7", verdict, Settings(accepted=(ENTRY,)), TODAY).status is Status.ERROR


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[broken", "hipaa.toml"),
        ("idle = 3", "idle is no setting"),
        ("session_idle_limit_seconds = '900'", "session_idle_limit_seconds"),
        ("session_idle_limit_seconds = true", "session_idle_limit_seconds"),
        ("[environments_left_out]\nlocal = ' '", "a reason for each environment"),
        ("[audit]\nsinks = {file = 'a', holds = 'b'}", "audit takes sink, database_log"),
        ("[backup]\nhash = {file = 'a', holds = 'b'}", "backup takes schedule, encryption"),
        ("[audit]\nsink = {file = 'a'}", "holds"),
        ("[[accepted]]\ncheck = 'S1'\nreason = ' '\nfindings = {a = ['k']}", "S1 has no reason"),
        ("[[accepted]]\ncheck = 'S1'\nfindings = {a = ['k']}", "reason"),
        ("[[accepted]]\nreason = 'r'\ncheck = 'S1'", "findings"),
        ("[[accepted]]\nreason = 'r'\nfindings = {a = ['k']}", "check"),
        (f"{UNTIL}'2027-12-31'", "S1: until is a date such as 2027-12-31, without quotes"),
        (f"{UNTIL}2027-12-31T00:00:00", "S1: until is a date such as 2027-12-31"),
        (f"{UNTIL}2027-12-31T00:00:00Z", "S1: until is a date such as 2027-12-31"),
        (f"{UNTIL}20271231", "S1: until is a date such as 2027-12-31"),
        ("[[accepted]]\ncheck = 'S1'\nreason = 3\nfindings = {a = ['k']}", "S1 has no reason"),
        ("[[accepted]]\ncheck = 'S1'\nreason = 'r'\nfindings = ['a']", "S1: findings gives a list"),
        ("[[accepted]]\ncheck = 'S1'\nreason = 'r'\nfindings = {a = 'k'}", "gives a list of keys"),
        ("[[accepted]]\ncheck = 'S1'\nreason = 'r'\nfindings = {a = [3]}", "gives a list of keys"),
        ("environments_left_out = 'local'", "a reason for each environment"),
        ("audit = ['sink']", "audit takes sink, database_log"),
    ],
)
def test_a_settings_file_that_is_wrong_is_refused_by_name(tree: Tree, text: str, said: str) -> None:
    tree.write("hipaa.toml", text)
    with pytest.raises(CommandError) as caught:
        read_settings(tree.root)
    assert caught.value.code is Exit.BAD_INPUT
    assert said in caught.value.what


def test_a_settings_file_is_read(tree: Tree) -> None:
    tree.write(
        "hipaa.toml",
        "session_idle_limit_seconds = 600\n[environments_left_out]\nlocal = 'no server'\n"
        "[[accepted]]\ncheck = 'S1'\nreason = 'r'\nuntil = 2026-03-01\nfindings = {a = ['k']}\n",
    )
    settings = read_settings(tree.root)
    assert settings.session_idle_limit_seconds == 600
    assert settings.accepted == (Accepted("S1", "a", ("k",), "r", TODAY),)


def test_a_check_that_looked_at_nothing_has_not_passed() -> None:
    assert judged([], 0, "files").status is Status.ERROR
    assert judged([], 1, "files").status is Status.PASS
    assert judged([ONE], 1, "files").status is Status.FAIL


def test_the_worst_part_is_the_whole_check_s_result() -> None:
    order = (Status.FAIL, Status.ERROR, Status.NOT_TESTED, Status.PASS, Status.NOT_APPLICABLE)
    for index, worst in enumerate(order):
        parts = [("", Verdict(status, "why")) for status in reversed(order[index:])]
        assert together(parts).status is worst


def test_a_check_that_breaks_is_an_error_and_stops_no_other() -> None:
    def broken() -> Verdict:
        raise ZeroDivisionError("division by zero")

    looks = {"S1": broken, "S2": lambda: Verdict(Status.PASS, "fine")}
    by_id = {one.check.id: one.verdict for one in run_checks(looks, Settings(), TODAY)}
    assert by_id["S1"].status is Status.ERROR
    assert "ZeroDivisionError" in by_id["S1"].reason
    assert by_id["S2"].status is Status.PASS
    assert by_id["S3"].status is Status.NOT_TESTED
