"""The id that a release gets from its run when it was given none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from iadeploy.rules import check_release_id

from .builders import module

_SERVERS = 8


def run_id(folder: Path) -> str:
    return str(module("release_run_id").run_id(folder))


def test_it_is_an_id_as_the_modules_take_it(tmp_path: Path) -> None:
    told = run_id(tmp_path)
    assert check_release_id(told) == told


def test_it_is_another_one_in_another_run(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
    assert len({run_id(folder) for folder in folders}) == len(folders)


def test_every_server_gets_the_same_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(_SERVERS) as servers:
        assert len(set(servers.map(run_id, [tmp_path] * _SERVERS))) == 1


def test_who_comes_second_takes_the_first_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_id(tmp_path)
    # As it is for one that looked just before the first one wrote.
    monkeypatch.setattr(Path, "exists", lambda path: False)
    assert run_id(tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == ["release_id"]
