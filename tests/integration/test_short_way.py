"""app_release by the package that a server keeps, and as a module: the same answers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "roles" / "release" / "action_plugins"
ANSIBLE = Path(sys.executable).with_name("ansible")
WANTED = {
    "phase": "plan",
    "action": "rollback",
    "app": "shop",
    "release": "previous",
    "addresses": {"blue": "172.30.250.10", "green": "172.30.250.11"},
    "proxy_socket": "/does/not/exist.sock",
}


def start(state: Path, home: Path, **changes: Any) -> subprocess.Popen[str]:
    """Start the task on this machine as its own server."""
    plugins = state / "none" if changes.pop("as_module", False) else PLUGINS
    arguments = json.dumps({**WANTED, "state_dir": str(state), **changes})
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_ACTION_PLUGINS": str(plugins),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "HOME": str(home),
    }
    extra = json.dumps({"ansible_python_interpreter": sys.executable})
    command = [ANSIBLE, "localhost", "-c", "local", "-m", "app_release", "-a", arguments, "-e"]
    return subprocess.Popen(
        [str(one) for one in (*command, extra)],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for the task and return what the module answered."""
    said, _ = process.communicate(timeout=120)
    found = re.search(r"=> (\{.*\})", said, re.DOTALL)
    assert found, said
    told: dict[str, Any] = json.loads(found[1])
    for key in ("invocation", "changed", "_ansible_no_log"):
        told.pop(key, None)
    return told


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory as the host role makes it."""
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


def packages(state: Path) -> list[Path]:
    return list((state / ".lib").iterdir())


def test_both_ways_answer_the_same(state: Path, tmp_path: Path) -> None:
    first = answer(start(state, tmp_path))
    [package] = packages(state)
    assert list(package.rglob("*.pyc")), "it is kept compiled"
    assert answer(start(state, tmp_path)) == first
    assert answer(start(state, tmp_path, as_module=True)) == first
    assert (first["ok"], first["cause"]) == (False, "refused")


def test_the_package_that_is_kept_is_the_one_that_runs(state: Path, tmp_path: Path) -> None:
    answer(start(state, tmp_path))
    [package] = packages(state)
    (package / "iadeploy" / "remote.py").write_text(
        'def main(): print(\'{"phase": "plan", "from": "the server"}\')\n', encoding="utf-8"
    )
    assert answer(start(state, tmp_path)) == {"phase": "plan", "from": "the server"}


def test_two_controllers_at_once_leave_one_whole_package(state: Path, tmp_path: Path) -> None:
    together = [start(state, tmp_path) for _ in range(4)]
    answers = [answer(process) for process in together]
    assert all(one == answers[0] for one in answers)
    assert len(packages(state)) == 1


def test_old_packages_go(state: Path, tmp_path: Path) -> None:
    for number in range(5):
        old = state / ".lib" / f"old{number}"
        old.mkdir(parents=True)
        os.utime(old, (number, number))
    answer(start(state, tmp_path))
    assert {"old3", "old4"} < {one.name for one in packages(state)}
    assert len(packages(state)) == 3


def test_a_server_that_was_never_bootstrapped_is_told_so(tmp_path: Path) -> None:
    told = answer(start(tmp_path / "none", tmp_path))
    assert "Run 'iactl bootstrap'" in told["msg"]
    assert not (tmp_path / "none").exists()


def test_a_wrong_argument_is_refused_by_its_name(state: Path, tmp_path: Path) -> None:
    assert "keep" in answer(start(state, tmp_path, keep="many"))["msg"]
    assert not (state / ".lib").exists()


def test_a_secret_is_masked_wherever_it_comes_back(state: Path, tmp_path: Path) -> None:
    told = answer(start(state, tmp_path, registry_password="sentinel-91e7", app="sentinel-91e7;"))
    assert "is not allowed" in told["msg"]
    assert "sentinel-91e7" not in json.dumps(told)
