"""What linters print comes to; the words are those of real runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ci_scripts.evidence import EvidenceError
from ci_scripts.gates.linters import (
    ansible_lint,
    black,
    flake8,
    hadolint,
    isort,
    mypy,
    pylint,
    shellcheck,
    yamllint,
)
from ci_scripts.gates.project import find_project
from ci_scripts.gates.tool import Ran, ToolBroke, run
from ci_scripts.gates.verdict import Verdict

ROOT = Path("/shop")
BROKE = "broke"


def ended(judge: Any, *arguments: Any) -> tuple[str, list[str]]:
    """Return a verdict in a word, and the ids of what was found."""
    try:
        verdict: Verdict = judge(*arguments)
    except (ToolBroke, EvidenceError):
        return BROKE, []
    return verdict.verdict.value, [one.id for one in verdict.findings]


@pytest.mark.parametrize(
    ("code", "err", "expected"),
    [
        (0, "All done!\n3 files would be left unchanged.\n", ("pass", [])),
        (
            1,
            "would reformat a.py\n\nOh no!\n1 file would be reformatted, 2 files would be left"
            " unchanged.\n",
            ("fail", ["format"]),
        ),
        (
            123,
            "error: cannot parse: b.py:1:4\n\n1 file would be left unchanged, 1 file would fail"
            " to reformat.\n",
            ("error", []),
        ),
        (123, "error: cannot format b.py: Permission denied\n", ("error", [])),
        (0, "No Python files are present to be formatted. Nothing to do\n", ("error", [])),
        (2, "Usage: black\nError: Invalid value for 'SRC ...'\n", (BROKE, [])),
        (0, "", (BROKE, [])),
    ],
)
def test_black(code: int, err: str, expected: Any) -> None:
    assert ended(black.judge, Ran(code, "", err), 3) == expected


@pytest.mark.parametrize(
    ("code", "out", "err", "expected"),
    [
        (0, "SUCCESS: /shop/a.py Everything Looks Good!\n", "", ("pass", [])),
        (
            1,
            "",
            "ERROR: /shop/a.py Imports are incorrectly sorted and/or formatted.\n",
            ("fail", ["imports"]),
        ),
        (1, "SUCCESS: /shop/a.py Everything Looks Good!\nBroken 1 paths\n", "", ("error", [])),
        (0, "Skipped 2 files\n", "", ("error", [])),
        (0, "", "", ("error", [])),
        (1, "", "Traceback\nValueError: settings\n", (BROKE, [])),
    ],
)
def test_isort(code: int, out: str, err: str, expected: Any) -> None:
    assert ended(isort.judge, Ran(code, out, err), ROOT, 2) == expected


def counted(files: int) -> str:
    """Return the last lines of flake8's benchmark."""
    return f"0.1      seconds elapsed\n{files}          total files processed\n"


@pytest.mark.parametrize(
    ("code", "out", "expected"),
    [
        (0, counted(3), ("pass", [])),
        # What it found stands nowhere.
        (1, counted(3), (BROKE, [])),
        (1, "./a.py\n" + counted(3), (BROKE, [])),
        (1, "./a.py\t3\tF401\t'os' imported but unused\n" + counted(3), ("fail", ["F401"])),
        (1, "a.py\t1\tE999\tSyntaxError: invalid syntax\n" + counted(3), ("error", [])),
        (1, "a.py\t0\tE902\tFileNotFoundError: a.py\n" + counted(3), ("error", [])),
        (0, counted(0), ("error", [])),
        (0, "", (BROKE, [])),
    ],
)
def test_flake8(code: int, out: str, expected: Any) -> None:
    assert ended(flake8.judge, Ran(code, out, ""), 3) == expected


@pytest.mark.parametrize("settings", ["quiet = 1", "quiet = 2", "count = true\nstatistics = true"])
def test_a_project_s_settings_keep_none_of_flake8_s_findings_back(
    tmp_path: Path, settings: str
) -> None:
    (tmp_path / "a.py").write_text("import os\n")
    (tmp_path / ".flake8").write_text(f"[flake8]\n{settings}\n")
    ran = run(flake8.command(), tmp_path)
    assert ended(flake8.judge, ran, 1) == ("fail", ["F401"])


@pytest.mark.parametrize(
    ("out", "expected"),
    [
        ("Success: no issues found in 3 source files\n", ("pass", [])),
        ("Success: no issues found in 1 source file\n", ("pass", [])),
        (
            "a.py:1: error: Wrong  [assignment]\na.py:2:9: error: Bad\na.py:2: note: so\n"
            "Found 2 errors in 1 file (checked 3 source files)\n",
            ("fail", ["assignment", "mypy"]),
        ),
        (
            "a.py:1: error: Expected an identifier  [syntax]\n"
            "Found 1 error in 1 file (errors prevented further checking)\n",
            ("error", []),
        ),
        # A file a:b.py, whose line cannot be taken apart.
        (
            "a:b.py:1: error: Wrong  [assignment]\n"
            "Found 1 error in 1 file (checked 3 source files)\n",
            (BROKE, []),
        ),
        (
            "a.py:1: error: Wrong  [assignment]\na:b.py:1: error: Wrong  [assignment]\n"
            "Found 2 errors in 2 files (checked 3 source files)\n",
            (BROKE, []),
        ),
        ("Found 1 error in 1 file (checked 1 source file)\n", (BROKE, [])),
        ("There are no .py[i] files in directory 'empty'\n", ("error", [])),
        ("", ("error", [])),
    ],
)
def test_mypy(out: str, expected: Any) -> None:
    assert ended(mypy.judge, Ran(0, out, "")) == expected


@pytest.mark.parametrize(
    ("file", "text", "names"),
    [
        ("pyproject.toml", '[tool.mypy]\nfiles = ["src"]\n', True),
        ("pyproject.toml", "[tool.mypy]\nstrict = true\n", False),
        ("mypy.ini", "[mypy]\nstrict = True\nfiles = src\n", True),
        ("setup.cfg", "[mypy]\nstrict = True\n[other]\nfiles = src\n", False),
        ("README.md", "", False),
    ],
)
def test_where_a_project_says_what_mypy_looks_at(
    tmp_path: Path, file: str, text: str, names: bool
) -> None:
    (tmp_path / file).write_text(text)
    assert mypy.names_its_files(find_project(tmp_path)) is names


def message(**changes: Any) -> dict[str, Any]:
    """Return one message of pylint's."""
    one = {"type": "error", "messageId": "E0602", "symbol": "undefined-variable", "message": "x"}
    return {**one, "path": "a.py", "line": 3, **changes}


@pytest.mark.parametrize(
    ("messages", "score", "looked_at", "expected"),
    [
        ([], 10, 3, ("pass", [])),
        ([message(type="warning", messageId="W0611")], 9.5, 3, ("pass", [])),
        ([message()], 9.5, 3, ("fail", ["E0602"])),
        ([], 8.99, 3, ("fail", ["score"])),
        ([message(type="fatal", messageId="F0001")], 0, 3, ("error", [])),
        ([message(messageId="E0001")], 0, 3, ("error", [])),
        # An empty folder: two "linted modules", the best score, exit code 0.
        ([], 10, 0, ("error", [])),
    ],
)
def test_pylint(messages: list[Any], score: float, looked_at: int, expected: Any) -> None:
    document = {"messages": messages, "statistics": {"score": score, "modulesLinted": 2}}
    assert ended(pylint.judge, document, looked_at, 3, 9.0) == expected


PASSED = "Passed: 0 failure(s), 0 warning(s) in 4 files processed of 9 encountered.\n"
NOTHING = PASSED.replace("4 files processed of 9", "0 files processed of 0")


def rule(name: str) -> str:
    """Return ansible-lint's JSON with one finding."""
    place = {"path": "site.yml", "positions": {"begin": {"line": 3, "column": 1}}}
    return json.dumps([{"check_name": name, "description": "x", "location": place}])


@pytest.mark.parametrize(
    ("out", "err", "expected"),
    [
        ("[]", PASSED, ("pass", [])),
        (rule("name[play]"), PASSED, ("fail", ["name[play]"])),
        (rule("load-failure[not-found]"), PASSED, ("error", [])),
        ("[]", NOTHING, ("error", [])),
        ("[]", "", (BROKE, [])),
        ("no json", PASSED, (BROKE, [])),
    ],
)
def test_ansible_lint(out: str, err: str, expected: Any) -> None:
    assert ended(ansible_lint.judge, Ran(0, out, err)) == expected


@pytest.mark.parametrize(
    ("code", "out", "expected"),
    [
        (0, "", ("pass", [])),
        (1, "a.yml:2:1: [error] too many spaces (colons)\n", ("fail", ["colons"])),
        (2, 'a.yml:1:1: [warning] missing "---" (document-start)\n', ("fail", ["document-start"])),
        (1, "a.yml:2:1: [error] syntax error: expected ',' (syntax)\n", ("error", [])),
        (255, "", (BROKE, [])),
        (1, "", (BROKE, [])),
        (0, "a.yml:2:1: [error] too many spaces (colons)\n", (BROKE, [])),
    ],
)
def test_yamllint(code: int, out: str, expected: Any) -> None:
    assert ended(yamllint.judge, Ran(code, out, "[Errno 2] No such file"), 3) == expected


def comment(code: int, level: str) -> dict[str, Any]:
    """Return one of shellcheck's comments."""
    return {"file": "a.sh", "line": 2, "code": code, "level": level, "message": "x"}


@pytest.mark.parametrize(
    ("code", "comments", "expected"),
    [
        (0, [], ("pass", [])),
        (1, [comment(2086, "info")], ("pass", [])),
        (1, [comment(2164, "warning")], ("fail", ["SC2164"])),
        (1, [comment(1072, "error"), comment(1073, "error")], ("error", [])),
        (2, [], (BROKE, [])),
    ],
)
def test_shellcheck(code: int, comments: list[Any], expected: Any) -> None:
    assert ended(shellcheck.judge, Ran(code, json.dumps({"comments": comments}), ""), 2) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], ("pass", [])),
        ([("DL3015", "info")], ("pass", [])),
        ([("DL3008", "warning"), ("DL3015", "info")], ("fail", ["DL3008"])),
        ([("DL1000", "error")], ("error", [])),
        (None, (BROKE, [])),
    ],
)
def test_hadolint(rows: list[tuple[str, str]] | None, expected: Any) -> None:
    found = [
        {"file": "Dockerfile", "line": 1, "code": code, "level": level, "message": "x"}
        for code, level in rows or ()
    ]
    out = "" if rows is None else json.dumps(found)
    assert ended(hadolint.judge, Ran(1, out, "hadolint: nope: does not exist\n"), 1) == expected
