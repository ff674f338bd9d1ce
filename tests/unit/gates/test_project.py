"""A project's files, settings and Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ci_scripts.exits import CommandError
from ci_scripts.gates.linters.subject import dockerfiles, encrypted_files, shell_scripts, yaml_files
from ci_scripts.gates.project import MissingPath, find_project
from ci_scripts.gates.settings import Settings, parse_settings

FILES = {
    "src/a.py": "",
    "src/deep/b.py": "",
    "build/c.py": "",
    ".hidden/d.py": "",
    "env/pyvenv.cfg": "",
    "env/lib/e.py": "",
    "node_modules/f.py": "",
    "bin/go": "#!/usr/bin/env bash\n",
    "bin/other": "#!/usr/bin/env python3\n",
    "bin/data": "\x00",
    "run.sh": "",
    "Dockerfile": "",
    "Dockerfile.dev": "",
    "Dockerfile.dockerignore": "",
    "docs/Dockerfile-notes.md": "",
}


def written(folder: Path, name: str, text: str) -> None:
    """Write a file, and the folders above it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with files."""
    for name, text in FILES.items():
        written(tmp_path, name, text)
    return tmp_path


def test_outside_a_repository_generated_files_are_left_out(root: Path) -> None:
    project = find_project(root)
    assert project.within((".",), ".py") == ("src/a.py", "src/deep/b.py")
    assert project.commit == ""


def test_in_a_repository_git_says_what_there_is(root: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    (root / ".gitignore").write_text("src/deep/\nenv/\n")
    found = find_project(root).within((".",), ".py")
    assert found == (".hidden/d.py", "build/c.py", "node_modules/f.py", "src/a.py")


def test_paths_are_folders_or_files_and_have_to_exist(root: Path) -> None:
    project = find_project(root)
    assert project.within(("src/deep",), ".py") == ("src/deep/b.py",)
    assert project.within(("src/a.py", "bin"), ".py") == ("src/a.py",)
    assert project.within((), ".py") == ()
    with pytest.raises(MissingPath, match="sr does not exist"):
        project.within(("sr",), ".py")


def test_scripts_and_dockerfiles_are_known_by_name_and_first_line(root: Path) -> None:
    project = find_project(root)
    assert shell_scripts(project) == ("bin/go", "run.sh")
    assert dockerfiles(project) == ("Dockerfile", "Dockerfile.dev")


@pytest.mark.parametrize(
    ("name", "first", "is_one"),
    [
        ("deploy.bash", "#!/bin/bash", True),
        ("deploy.bash", "", True),
        ("deploy.ksh", "", True),
        ("hooks/pre.deploy", "#! /usr/bin/env -S bash -eu", True),
        ("etc/policy-rc.d", "#!/bin/sh", True),
        ("hooks.d/pre-commit", "#!/usr/bin/env sh", True),
        (".envrc", "#!/bin/bash", True),
        (".envrc", "export A=1", False),
        ("backup.sh.j2", "#!/bin/bash", False),
        ("shop.py", "#!/bin/sh", False),
        ("run.cgi", "#!/usr/bin/env python3", False),
        ("data.bin", "\x00\x01", False),
    ],
)
def test_which_files_are_shell_scripts(tmp_path: Path, name: str, first: str, is_one: bool) -> None:
    written(tmp_path, name, f"{first}\necho hello\n")
    assert shell_scripts(find_project(tmp_path)) == ((name,) if is_one else ())


@pytest.mark.parametrize("name", ["logo.png", "a.md", "a.json", "a.tar.gz", "LICENSE.txt"])
def test_no_file_is_opened_that_its_name_tells_enough_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    written(tmp_path, name, "")
    project = find_project(tmp_path)
    assert project.files == (name,)
    monkeypatch.setattr(Path, "open", None)
    assert shell_scripts(project) == ()


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("Dockerfile", True),
        ("dockerfile", True),
        ("DOCKERFILE", True),
        ("Containerfile", True),
        ("containerfile.dev", True),
        ("backend.dockerfile", True),
        ("backend.Dockerfile", True),
        ("Dockerfile-dev", True),
        ("dockerfile.dev", True),
        ("docker/Dockerfile.prod", True),
        ("Dockerfile.go", True),
        ("Dockerfile.dockerignore", False),
        ("backend.dockerfile.dockerignore", False),
        (".dockerignore", False),
        ("docs/Dockerfile-notes.md", False),
        ("docs/dockerfile.rst", False),
        ("dockerfile.py", False),
        ("dockerfile-lint.sh", False),
        ("dockerfile-plugin.xml", False),
        ("dockerfile_parser", False),
        ("mydockerfile", False),
    ],
)
def test_which_files_are_dockerfiles(tmp_path: Path, name: str, is_one: bool) -> None:
    written(tmp_path, name, "FROM debian:12\n")
    assert dockerfiles(find_project(tmp_path)) == ((name,) if is_one else ())


def test_what_ansible_s_vault_encrypted_is_no_yaml(root: Path) -> None:
    (root / "app.yml").write_text("---\napp_name: shop\n")
    (root / "vault.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n6162\n")
    assert yaml_files(find_project(root)) == ("app.yml",)
    assert encrypted_files(find_project(root), ["."]) == ("vault.yml",)


def test_which_python_is_the_project_s_own(root: Path) -> None:
    assert find_project(root).python() == Path(sys.executable)
    own = root / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.symlink_to(sys.executable)
    assert find_project(root).python() == own
    (root / "pyproject.toml").write_text('[tool.iactl]\npython = "other/python"\n')
    with pytest.raises(CommandError, match=r"tool\.iactl\.python"):
        find_project(root).python()
    assert find_project(root).python(own) == own
    with pytest.raises(CommandError, match="--python"):
        find_project(root).python(root)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"python": 3}, "tool.iactl.python is a text"),
        ({"scan": []}, "tool.iactl.scan is a table"),
        ({"scan": {"lock": []}}, "tool.iactl.scan.lock is no setting; there are source, locks"),
        ({"scan": {"locks": "a"}}, "tool.iactl.scan.locks is a list of texts"),
        ({"scan": {"locks": [""]}}, "tool.iactl.scan.locks is a list of texts"),
        ({"lint": {"pylint_score": "9"}}, "pylint_score is a number"),
        ({"lint": {"pylint_score": True}}, "pylint_score is a number"),
        ({"test": {"min_coverage": -1}}, "min_coverage is a number, 0 or more"),
        ({"scan": {"osv_url": 3}}, "osv_url is a text"),
    ],
)
def test_a_wrong_setting_is_told_by_its_name(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_settings(table)


def test_settings_of_other_commands_are_left_alone() -> None:
    assert parse_settings({"image": {"platform": "x"}}) == Settings()
    parsed = parse_settings({"test": {"min_coverage": 70, "arguments": ["-x"]}})
    assert (parsed.test.min_coverage, parsed.test.arguments) == (70.0, ("-x",))


@pytest.mark.parametrize("text", ["[tool", "tool = 3", "[tool.iactl]\nscan = 3"])
def test_a_pyproject_that_cannot_be_read_is_bad_input(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(CommandError, match=r"pyproject\.toml"):
        find_project(tmp_path)


def test_a_project_that_is_no_folder_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--project"):
        find_project(tmp_path / "nowhere")
