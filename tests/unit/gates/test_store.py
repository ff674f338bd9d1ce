"""The file of verdicts: what is kept, what is replaced, what cannot be read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ci_scripts.evidence import EvidenceError
from ci_scripts.exits import CommandError
from ci_scripts.gates import store
from ci_scripts.gates.verdict import (
    Accepted,
    Finding,
    Outcome,
    Verdict,
    error,
    faults,
    judged,
    not_run,
)

FINDING = Finding("B602", "shell", "src/a.py", "src/a.py", 3, "HIGH", ("CVE-1",))
BANDIT = replace(
    judged("bandit", [FINDING], 7, "files", tool_version="1.9", data_date="2026-01-01"),
    accepted=(Accepted(FINDING, "why", "maintainers", "2026-09-01"),),
    notes=("a note",),
)
TRIVY = judged("trivy", [], 90, "packages")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / store.GATES
    store.merge(path, [BANDIT, not_run("safety", "no key", optional=True)], commit="abc")
    known = store.read(path)
    assert replace(known["bandit"], at="", commit="") == BANDIT
    assert known["bandit"].commit == "abc"
    assert known["safety"].left_out


def test_gates_replace_their_own_verdicts_only(tmp_path: Path) -> None:
    path = tmp_path / store.GATES
    store.merge(path, [BANDIT, TRIVY])
    store.merge(path, [error("bandit", "broke")])
    assert {name: one.verdict for name, one in store.read(path).items()} == {
        "bandit": Outcome.ERROR,
        "trivy": Outcome.PASS,
    }


def test_a_gate_that_begins_leaves_no_verdict_of_before(tmp_path: Path) -> None:
    path = tmp_path / store.GATES
    store.forget(path, ["trivy"])
    assert not path.exists()
    store.merge(path, [BANDIT, TRIVY])
    store.forget(path, ["trivy", "safety"])
    assert list(store.read(path)) == ["bandit"]


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        '{"schema": 2, "verdicts": []}',
        '{"schema": 1}',
        '{"schema": 1, "verdicts": [3]}',
        '{"schema": 1, "verdicts": [{"gate": "bandit", "verdict": "passed"}]}',
        '{"schema": 1, "verdicts": [{"gate": "bandit", "verdict": "pass", "scanned": "all"}]}',
        '{"schema": 1, "verdicts": [{"gate": "b", "verdict": "fail", "findings": [{"x": 1}]}]}',
    ],
)
def test_a_file_that_is_none_is_never_a_pass(tmp_path: Path, text: str) -> None:
    path = tmp_path / store.GATES
    path.write_text(text)
    with pytest.raises(EvidenceError, match=store.GATES):
        store.read(path)
    with pytest.raises(CommandError, match=store.GATES):
        store.merge(path, [TRIVY])
    assert path.read_text() == text


def test_a_folder_that_cannot_be_made_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot be written"):
        store.merge(tmp_path / "file" / "below" / store.GATES, [TRIVY])


def test_nothing_half_written_lies_about(tmp_path: Path) -> None:
    store.merge(tmp_path / store.GATES, [BANDIT])
    assert [path.name for path in tmp_path.iterdir()] == [store.GATES]
    assert json.loads((tmp_path / store.GATES).read_text())["schema"] == 1


@pytest.mark.parametrize(
    ("verdict", "blocks", "said"),
    [
        (TRIVY, False, []),
        (BANDIT, True, ["came to fail"]),
        (error("x", "broke"), True, ["came to error"]),
        (not_run("x", "no tool"), True, ["came to not_run"]),
        (not_run("x", "no key", optional=True), False, ["came to not_run"]),
        (not_run("x", "", optional=True), True, ["came to not_run"]),
        (replace(TRIVY, scanned=0), False, ["looked at nothing"]),
        (None, None, ["is missing"]),
    ],
)
def test_only_a_pass_over_something_counts(
    verdict: Verdict | None, blocks: bool | None, said: list[str]
) -> None:
    if verdict is not None:
        assert verdict.blocks is blocks
    told = list(faults(verdict, "x", store.GATES))
    assert len(told) == len(said)
    assert all(part in text for part, text in zip(said, told, strict=True))


def test_nothing_looked_at_is_an_error() -> None:
    assert judged("bandit", [], 0, "files").verdict is Outcome.ERROR
    assert judged("bandit", [FINDING], 0, "files").verdict is Outcome.ERROR
