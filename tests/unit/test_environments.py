"""Finding an environment's inventory folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ci_scripts.environments import find_environment
from ci_scripts.exits import CommandError, Exit


@pytest.fixture
def inventories(tmp_path: Path) -> Path:
    """Two environments: staging with servers, empty without."""
    folder = tmp_path / "checkout" / "inventories"
    (folder / "empty").mkdir(parents=True)
    (folder / "staging").mkdir()
    (folder / "staging" / "hosts.yml").write_text("all: {}\n")
    return folder


def refusal(find: Callable[[], object]) -> CommandError:
    with pytest.raises(CommandError) as caught:
        find()
    assert caught.value.code is Exit.BAD_INPUT
    assert caught.value.next_step
    return caught.value


def test_the_folder_given_is_searched_first(
    inventories: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    other = {"IADEPLOY_INVENTORIES": str(tmp_path / "elsewhere")}
    assert find_environment("staging", inventories, other).folder == inventories / "staging"


def test_then_the_folder_that_the_variable_names(
    inventories: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named = {"IADEPLOY_INVENTORIES": str(inventories)}
    assert find_environment("staging", None, named).folder == inventories / "staging"


def test_then_the_nearest_folder_above(inventories: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = inventories.parent / "src" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    found = find_environment("staging", None, {"IADEPLOY_INVENTORIES": ""})
    assert (found.name, found.folder) == ("staging", inventories / "staging")


def test_a_relative_folder_becomes_an_absolute_one(
    inventories: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(inventories.parent)
    assert find_environment("staging", Path("inventories"), {}).folder.is_absolute()


@pytest.mark.parametrize("hosts", ["hosts.yml", "hosts.yaml", "hosts"])
def test_each_of_ansible_s_names_for_the_hosts_is_known(inventories: Path, hosts: str) -> None:
    (inventories / "empty" / hosts).write_text("all: {}\n")
    assert find_environment("empty", inventories, {}).name == "empty"


def test_an_unknown_environment_is_refused_with_those_that_exist(inventories: Path) -> None:
    error = refusal(lambda: find_environment("production", inventories, {}))
    assert "'production'" in error.what and str(inventories) in error.what
    assert error.next_step == "Choose one of: empty, staging."


def test_a_folder_without_environments_says_to_make_one(tmp_path: Path) -> None:
    assert "Create" in refusal(lambda: find_environment("staging", tmp_path, {})).next_step


def test_an_environment_without_hosts_is_refused(inventories: Path) -> None:
    error = refusal(lambda: find_environment("empty", inventories, {}))
    assert "hosts.yml" in error.what and str(inventories / "empty") in error.what


@pytest.mark.parametrize(
    "name", ["absent", "a\x1b[31mb", "two\n\nparagraphs", "x" * 5000, "nul\0", "file"]
)
def test_an_impossible_folder_is_refused_and_shown_escaped(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    error = refusal(lambda: find_environment("staging", tmp_path / name, {}))
    assert "--inventories" in error.what
    assert error.what.isprintable() and len(error.what) < 500


def test_an_impossible_folder_in_the_variable_is_refused_by_the_variable_s_name() -> None:
    named = {"IADEPLOY_INVENTORIES": "/does/not/exist"}
    error = refusal(lambda: find_environment("staging", None, named))
    assert "$IADEPLOY_INVENTORIES" in error.what and "/does/not/exist" in error.what


def test_a_bad_name_is_refused_before_any_folder_is_looked_at(tmp_path: Path) -> None:
    error = refusal(lambda: find_environment("../staging", tmp_path / "absent", {}))
    assert error.what.startswith("ENV: ")
