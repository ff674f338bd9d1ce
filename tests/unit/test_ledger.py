"""The ledger: appended to only, and every change of it shows."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iadeploy.ledger import GENESIS, acknowledge, append, read_ledger

from tests.unit.builders import run_module

AT = "2026-03-01T10:15:00Z"
FACTS = st.dictionaries(
    st.text(min_size=1).filter(lambda name: name not in ("seq", "prev_hash", "hash", "at", "kind")),
    st.one_of(st.text(), st.integers(-(2**53), 2**53), st.none(), st.booleans()),
    max_size=4,
)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger of four entries."""
    path = tmp_path / "ledger.jsonl"
    for number in range(4):
        append(path, {"kind": "outcome", "at": AT, "number": number})
    return path


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_entries_follow_each_other(ledger: Path) -> None:
    told = read_ledger(ledger)
    assert (told.problem, told.torn, told.length) == ("", b"", 4)
    assert [one["seq"] for one in told.entries] == [1, 2, 3, 4]
    assert [one["prev_hash"] for one in told.entries] == [
        GENESIS,
        *(one["hash"] for one in told.entries[:-1]),
    ]
    assert told.head == told.entries[-1]["hash"]
    assert ledger.stat().st_mode & 0o777 == 0o600


def test_none_is_an_empty_one(tmp_path: Path) -> None:
    told = read_ledger(tmp_path / "none")
    assert (told.entries, told.head, told.problem) == ([], GENESIS, "")


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_an_edited_entry_is_named(ledger: Path, number: int) -> None:
    there = lines(ledger)
    there[number - 1] = there[number - 1].replace(b"outcome", b"0utcome")
    ledger.write_bytes(b"".join(there))
    assert read_ledger(ledger).problem == f"record {number} was changed"


def test_an_edited_entry_with_a_new_hash_breaks_the_next_one(ledger: Path, tmp_path: Path) -> None:
    forged = tmp_path / "forged"
    append(forged, {"kind": "outcome", "at": AT, "number": "forged"})
    ledger.write_bytes(lines(forged)[0] + b"".join(lines(ledger)[1:]))
    assert read_ledger(ledger).problem == "record 2 does not follow the one before it"


@pytest.mark.parametrize(("gone", "named"), [(0, 1), (1, 2), (2, 3)])
def test_a_removed_entry_is_noticed(ledger: Path, gone: int, named: int) -> None:
    there = lines(ledger)
    del there[gone]
    ledger.write_bytes(b"".join(there))
    assert read_ledger(ledger).problem == f"record {named} does not follow the one before it"


def test_a_torn_end_is_cut_off_and_marked(ledger: Path) -> None:
    whole = ledger.read_bytes()
    ledger.write_bytes(whole[:-20])
    assert (read_ledger(ledger).length, read_ledger(ledger).problem) == (3, "")
    append(ledger, {"kind": "outcome", "at": AT})
    told = read_ledger(ledger)
    assert (told.problem, told.torn) == ("", b"")
    assert [one["kind"] for one in told.entries[3:]] == ["repair", "outcome"]
    assert "bytes that a crash had left" in told.entries[3]["reason"]


@pytest.mark.parametrize("damage", [b"\n", b"3\n", b"[]\n", b"\xff\n", b"{\n"])
def test_a_line_that_is_no_entry_is_named_and_hides_nothing(ledger: Path, damage: bytes) -> None:
    ledger.write_bytes(ledger.read_bytes() + damage)
    append(ledger, {"kind": "outcome", "at": AT, "number": "later"})
    told = read_ledger(ledger)
    assert told.problem == "record 5 cannot be read"
    assert told.entries[-1]["number"] == "later"


@given(facts=st.lists(FACTS, min_size=1, max_size=4))
def test_any_text_is_kept_and_the_chain_holds(
    facts: list[dict[str, object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    for one in facts:
        append(path, {"kind": "outcome", "at": AT, **one})
    told = read_ledger(path)
    assert told.problem == ""
    for one, entry in zip(facts, told.entries, strict=True):
        assert {name: entry[name] for name in one} == one
        assert json.dumps(entry)


def break_and_acknowledge(ledger: Path) -> None:
    ledger.write_bytes(ledger.read_bytes().replace(b'"number":1', b'"number":7'))
    assert acknowledge(ledger, {"at": AT, "actor": "ops", "reason": "looked into"})


def test_an_acknowledged_chain_counts_again_and_says_what_was_wrong(ledger: Path) -> None:
    break_and_acknowledge(ledger)
    append(ledger, {"kind": "outcome", "at": AT})
    told = read_ledger(ledger)
    assert (told.problem, told.acknowledged) == ("", ("record 2 was changed",))
    assert told.entries[5]["actor"] == "ops"
    assert acknowledge(ledger, {"at": AT}) == ""
    assert read_ledger(ledger).length == told.length


def test_after_an_acknowledgement_every_further_change_shows(ledger: Path) -> None:
    break_and_acknowledge(ledger)
    there = ledger.read_bytes()
    for damaged in (
        there.replace(b'"number":2', b'"number":8'),
        there.replace(b"looked", b"booked"),
    ):
        ledger.write_bytes(damaged)
        assert read_ledger(ledger).problem == "record 2 was changed"


def test_a_torn_end_is_cut_off_before_it_is_acknowledged(ledger: Path) -> None:
    ledger.write_bytes(ledger.read_bytes().replace(b'"number":1', b'"number":7') + b'{"to')
    assert acknowledge(ledger, {"at": AT}) == "record 2 was changed"
    assert (read_ledger(ledger).problem, read_ledger(ledger).torn) == ("", b"")


def test_the_module_reads_and_acknowledges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"app": "shop", "state_dir": str(tmp_path)}
    empty = run_module("deploy_ledger", given, capsys)
    assert (empty["content"], empty["ledger"]["length"], empty["changed"]) == ("", 0, False)
    path = tmp_path / "shop" / "ledger.jsonl"
    path.parent.mkdir(exist_ok=True)
    append(path, {"kind": "outcome", "at": AT, "number": 1})
    path.write_bytes(path.read_bytes().replace(b"outcome", b"0utcome"))
    assert b64decode(run_module("deploy_ledger", given, capsys)["content"]) == path.read_bytes()
    known = {**given, "state": "acknowledged", "reason": "looked into"}
    checked = run_module("deploy_ledger", {**known, "_ansible_check_mode": True}, capsys)
    assert (checked["changed"], checked["acknowledged"]) == (True, "record 1 was changed")
    told = run_module("deploy_ledger", known, capsys)
    assert (told["changed"], told["ledger"]["problem"]) == (True, "")
    assert run_module("deploy_ledger", known, capsys)["changed"] is False
    assert (
        "reason" in run_module("deploy_ledger", {**given, "state": "acknowledged"}, capsys)["msg"]
    )
