"""``iactl test`` against real pytest and real coverage, in a project's own environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from ci_scripts.exits import Exit
from ci_scripts.gates.store import TESTS
from tests.integration.gate_trees import CLEAN, Tree

PASSING = "from shop import add\n\n\ndef test_sum() -> None:\n    assert add(1, 2) == 3\n"
FAILING = PASSING.replace("3", "4")
SETTINGS = """\
[tool.pytest.ini_options]
pythonpath = ["src"]

[tool.iactl.test]
arguments = ["-q", "tests"]
source = ["shop"]
min_coverage = 90
"""
SKIPPED = 'import pytest\n\npytestmark = pytest.mark.skip("later")\n' + PASSING
OTHER = "def unused(number: int) -> int:\n    if number:\n        return 1\n    return 2\n"
# The file of tests, what else there is, and what it comes to.
CASES: dict[str, tuple[str, dict[str, str], str, str]] = {
    "tests that pass": (PASSING, {}, "pass", "pass"),
    "a test that fails": (FAILING, {}, "fail", "pass"),
    "no test": ("", {}, "fail", "not_run"),
    "nothing but skipped tests": (SKIPPED, {}, "error", "fail"),
    "tests that cannot be imported": ("import nowhere\n", {}, "error", "not_run"),
    "much untested code": (PASSING, {"src/shop.py": CLEAN + OTHER}, "pass", "fail"),
}


def write(tmp_path: Path, tests: str, more: dict[str, str]) -> Tree:
    """Return a project with one file of tests."""
    tree = Tree(tmp_path / "shop", tmp_path / "results")
    files = {"src/shop.py": CLEAN, "tests/test_shop.py": tests, "pyproject.toml": SETTINGS, **more}
    for path, text in files.items():
        tree.write(path, text)
    return tree


def iactl_test(tree: Tree, *options: str) -> tuple[int, dict[str, str], str]:
    """Run the command; return its exit code, each gate's verdict, and what it told."""
    program = str(Path(sys.executable).with_name("iactl"))
    folders = ["--project", str(tree.root), "--output", str(tree.output)]
    # Our own coverage and our own reports are none of the project's business.
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COV_")}
    done = subprocess.run(
        [program, "test", *folders, *options], env=environ, capture_output=True, check=False
    )
    kept = tree.output / TESTS
    rows = json.loads(kept.read_text())["verdicts"] if kept.is_file() else []
    text = (done.stdout + done.stderr).decode()
    return done.returncode, {one["gate"]: one["verdict"] for one in rows}, text


@pytest.mark.parametrize("name", CASES)
def test_what_tests_come_to(name: str, tmp_path: Path) -> None:
    text, more, tests, coverage = CASES[name]
    tree = write(tmp_path, text, more)
    code, verdicts, said = iactl_test(tree)
    assert verdicts == {"pytest": tests, "coverage": coverage}, said
    assert code == (Exit.DONE if tests == coverage == "pass" else Exit.GATE_FAILED)
    assert not (tree.root / ".coverage").exists()
    if tests == "pass":
        assert {path.name for path in tree.output.iterdir()} >= {
            "coverage.xml",
            "htmlcov",
            "junit.xml",
        }


def test_the_least_coverage_can_be_named(tmp_path: Path) -> None:
    text, more, _, _ = CASES["much untested code"]
    tree = write(tmp_path, text, more)
    assert iactl_test(tree, "--min-coverage", "20")[0] == Exit.DONE
    code, verdicts, said = iactl_test(tree, "--min-coverage", "99")
    assert (code, verdicts["coverage"]) == (Exit.GATE_FAILED, "fail")
    assert "is less than 99 %" in said


def test_an_environment_without_pytest_has_not_run_and_one_that_is_missing_is_refused(
    tmp_path: Path,
) -> None:
    tree = write(tmp_path, PASSING, {})
    venv.create(tree.root / ".venv", with_pip=False, symlinks=True)
    code, verdicts, said = iactl_test(tree)
    assert (code, verdicts) == (Exit.GATE_FAILED, {"pytest": "not_run", "coverage": "not_run"})
    assert "lacks pytest or pytest-cov" in said
    assert iactl_test(tree, "--python", "nowhere/python")[0] == Exit.BAD_INPUT
