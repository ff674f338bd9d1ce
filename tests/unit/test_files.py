"""Files that are written whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from iadeploy.errors import DeployError
from iadeploy.files import write_atomically

KILLED = """
import os, signal, sys
from pathlib import Path
from iadeploy.files import write_atomically

sys.addaudithook(
    lambda event, _: os.kill(os.getpid(), signal.SIGKILL) if event == "os.rename" else None
)
write_atomically(Path(sys.argv[1]), "never to be seen, and longer than what comes after it")
"""


def test_what_killed_writes_leave_does_not_gather(tmp_path: Path) -> None:
    path = tmp_path / "journal.json"
    path.write_text("before")
    for _ in range(2):
        died = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
        assert died.returncode == -9
        assert path.read_text() == "before"
        assert len(list(tmp_path.iterdir())) == 2
    write_atomically(path, "after")
    assert path.read_text() == "after"
    assert [one.name for one in tmp_path.iterdir()] == ["journal.json"]


def test_writers_at_once_each_write_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "state"
    texts = [letter * 5000 for letter in "abcdefgh"]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: write_atomically(path, text), texts * 5))
    assert path.read_text() in texts
    assert [one.name for one in tmp_path.iterdir()] == ["state"]


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine")
    (tmp_path / ".journal.json.new").symlink_to(tmp_path / "victim")
    with pytest.raises(DeployError):
        write_atomically(tmp_path / "journal.json", "text")
    assert (tmp_path / "victim").read_text() == "mine"
