"""ansible-playbook as iactl starts it: what its processes have in common."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_FILTERS = """
import os
with open({log!r}, "a") as log:
    log.write(f"{{os.getpid()}}\\n")

class FilterModule:
    def filters(self):
        return {{{name!r}: lambda value: value + 1}}
"""
_PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.assert:
        that: 1 | beside_the_playbook == 2
    - ansible.builtin.include_role:
        name: late
    - ansible.builtin.assert:
        that: 1 | beside_the_playbook == 2
"""
_ROLE = """
- ansible.builtin.assert:
    that: 1 | of_a_late_role == 2
- ansible.builtin.assert:
    that: 1 | of_a_late_role == 2
"""


def test_a_filter_is_loaded_once_for_all_processes_also_that_of_a_late_role(
    tmp_path: Path,
) -> None:
    logs = {}
    late = tmp_path / "roles" / "late"
    for folder, name in ((tmp_path, "beside_the_playbook"), (late, "of_a_late_role")):
        (folder / "filter_plugins").mkdir(parents=True)
        logs[name] = tmp_path / f"{name}.log"
        text = _FILTERS.format(log=str(logs[name]), name=name)
        (folder / "filter_plugins" / f"{name}.py").write_text(text)
    (late / "tasks").mkdir()
    (late / "tasks" / "main.yml").write_text(_ROLE)
    (tmp_path / "play.yml").write_text(_PLAYBOOK)
    done = subprocess.run(
        [sys.executable, "-m", "ci_scripts.runner.child", "-i", "localhost,", "play.yml"],
        cwd=tmp_path,
        env={**os.environ, "IADEPLOY_PARENT": str(os.getpid()), "ANSIBLE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: len(log.read_text().split()) for name, log in logs.items()} == {
        "beside_the_playbook": 1,
        "of_a_late_role": 1,
    }
