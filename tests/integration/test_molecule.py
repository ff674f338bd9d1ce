"""Every role's Molecule scenario: a bare server converges, stays as it is, and proves itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
# Seconds for one scenario; about 90 on two idle processors.
LIMIT = 480


class Scenario:
    """Molecule in a role's folder, as a role author calls it."""

    def __init__(self, role: str, ephemeral: Path) -> None:
        self.folder = ROOT / "roles" / role
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "MOLECULE_EPHEMERAL_DIRECTORY": str(ephemeral),
            "NO_COLOR": "1",
        }

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run one command; a hung one is ended with all that it started."""
        # Named, because Molecule finds it by itself only in a git checkout.
        base = ROOT / ".config" / "molecule" / "config.yml"
        argv = [sys.executable, "-m", "molecule", "--base-config", str(base), command]
        with subprocess.Popen(
            argv,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=LIMIT)
            except BaseException:
                os.killpg(process.pid, signal.SIGTERM)
                print(process.communicate()[0])
                raise
        return subprocess.CompletedProcess(argv, process.returncode, output)


@pytest.mark.rig
@pytest.mark.timeout(LIMIT + 120)
@pytest.mark.parametrize("role", ROLES)
def test_role_converges_once_and_is_verified(role: str, tmp_path: Path) -> None:
    scenario = Scenario(role, tmp_path / "molecule")
    try:
        answer = scenario.run("test")
    except BaseException:
        scenario.run("destroy")
        raise
    assert answer.returncode == 0, answer.stdout
    for step in ("converge", "idempotence", "verify"):
        assert f"[default > {step}] Executed: Successful" in answer.stdout
