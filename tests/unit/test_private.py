"""The folder of one run: private, and gone afterwards, also after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ci_scripts.runner.private import dead_runs, private_folder, remember_dead

HOLD = """
import sys
from ci_scripts.runner.private import private_folder
with private_folder("20260301-101500-aaaa") as folder:
    print(folder, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this user's runs have their folders."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def another_run() -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_only_this_user_enters_and_nothing_is_left(base: Path) -> None:
    with private_folder() as folder:
        assert folder.parent == base
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list(base.iterdir()) == []


def test_a_killed_run_s_folder_goes_with_the_next_run_and_a_living_one_s_stays() -> None:
    killed, left = another_run()
    living, kept = another_run()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert (left.is_dir(), kept.is_dir()) == (True, True)
    with private_folder() as mine:
        assert (left.exists(), kept.is_dir(), mine.is_dir()) == (False, True, True)
    living.communicate("\n")
    assert not kept.exists()


def test_what_only_has_such_a_name_is_left_alone(base: Path, tmp_path: Path) -> None:
    (base / "iactl-notes").mkdir()
    (base / "iactl-file").write_text("mine", encoding="utf-8")
    with private_folder():
        pass
    assert {one.name for one in tmp_path.iterdir()} == {"iactl-notes", "iactl-file"}


def test_a_killed_run_is_known_to_be_dead_and_a_living_or_ended_one_is_not(base: Path) -> None:
    killed, _ = another_run()
    assert dead_runs() == []
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    with private_folder():
        pass
    for _ in range(2):
        assert dead_runs() == ["20260301-101500-aaaa"]
    mark = base / "iactl-dead-20260301-101500-aaaa"
    os.utime(mark, (0, 0))
    assert dead_runs() == [] and not mark.exists()


def test_a_mark_that_is_no_run_is_left_alone(base: Path) -> None:
    (base / "iactl-dead-{{ x }}").touch()
    assert dead_runs() == []


def test_a_run_that_says_so_at_its_end_is_known_to_be_dead(base: Path) -> None:
    with private_folder("20260301-101500-aaaa"):
        assert dead_runs() == []
    remember_dead("20260301-101500-aaaa")
    remember_dead("../somewhere")
    assert dead_runs() == ["20260301-101500-aaaa"]
    assert [one.name for one in base.iterdir()] == ["iactl-dead-20260301-101500-aaaa"]
