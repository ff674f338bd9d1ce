"""Roles, playbooks, scenarios and inventories pass ansible-lint's strictest profile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
FOLDERS = ["playbooks", "roles", "inventories", "tests/molecule", ".config/molecule"]


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of this environment in the checkout."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    return subprocess.run(
        [str(BIN / argv[0]), *argv[1:]],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_ansible_lint_finds_nothing() -> None:
    answer = run("ansible-lint", "--strict", "--format", "json", *FOLDERS)
    findings = [
        f"{one['location']['path']}: {one['check_name']}: {one['description']}"
        for one in json.loads(answer.stdout)
    ]
    assert findings == [], answer.stderr
    assert answer.returncode == 0, answer.stderr
    assert "Profile 'production' was required, and it passed" in answer.stderr


def test_yamllint_finds_nothing() -> None:
    answer = run("yamllint", "--strict", *FOLDERS)
    assert answer.stdout == ""
    assert answer.returncode == 0, answer.stderr
