"""An operator at a terminal: runs iactl and reads what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci_scripts.content import content_root
from tests.fleet.shell import quiet

IACTL = Path(sys.executable).with_name("iactl")
DEADLINE = 600.0  # seconds for one command, also on a machine with much else to do


@dataclass(frozen=True)
class Said:
    """What one command answered.

    Attributes:
        code: exit code.
        report: the object that ``--json`` printed.
        progress: standard error.
    """

    code: int
    report: dict[str, Any]
    progress: str

    @property
    def text(self) -> str:
        """Everything that an operator would read."""
        return "\n".join(
            [self.report["message"], *self.report["details"], self.report["next_step"]]
        )


class Operator:
    """Runs iactl for one environment.

    Args:
        inventories: folder of environments.
        environment: the environment's name.
        folder: where the commands are typed; any folder must do.
        iactl: the console script; another one when an installed package is tried.
    """

    def __init__(
        self, inventories: Path, environment: str, folder: Path, iactl: Path = IACTL
    ) -> None:
        self.inventories = inventories
        self.environment = environment
        self.folder = folder
        self.program = iactl

    def argv(self, command: str, *arguments: str, as_json: bool = True) -> list[str]:
        """Return the command line."""
        where = ["--inventories", str(self.inventories), *(["--json"] if as_json else [])]
        return [str(self.program), *command.split(), self.environment, *arguments, *where]

    def start(self, command: str, *arguments: str, as_json: bool = True) -> subprocess.Popen[str]:
        """Start a command without waiting for it, in a session of its own."""
        return subprocess.Popen(
            self.argv(command, *arguments, as_json=as_json),
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self, process: subprocess.Popen[str]) -> Said:
        """Wait for a started command and read what it said."""
        output, progress = process.communicate(timeout=DEADLINE)
        assert "Traceback" not in progress, progress
        return Said(process.returncode, json.loads(output), progress)

    def run(self, command: str, *arguments: str) -> Said:
        """Run a command to its end."""
        return self.finish(self.start(command, *arguments))

    def playbook(self, name: str, *variables: str) -> subprocess.CompletedProcess[str]:
        """Run a playbook as an operator without iactl does, in the checkout.

        It does not know which runs of this machine have died, as if it ran on another one.
        """
        extra = [argument for one in variables for argument in ("-e", one)]
        inventory = str(self.inventories / self.environment)
        return subprocess.run(
            [
                *(str(self.program.with_name("ansible-playbook")), "-i", inventory),
                *(f"playbooks/{name}.yml", *extra),
            ],
            cwd=content_root(),
            capture_output=True,
            text=True,
            check=False,
            env={**quiet(), "ANSIBLE_NOCOLOR": "1"},
        )

    @property
    def scratch(self) -> Path:
        """Where iactl keeps temporary files."""
        return self.folder / "tmp"

    def _environment(self) -> dict[str, str]:
        """The operator's environment, with a sentinel that must reach nobody.

        Without the keys of whoever runs the tests; those that a test has set are there.
        """
        self.scratch.mkdir(exist_ok=True)
        unwanted = ("IADEPLOY_INVENTORIES", "XDG_RUNTIME_DIR")
        kept = {name: value for name, value in quiet().items() if name not in unwanted}
        return {**kept, "TMPDIR": str(self.scratch), "CI_JOB_TOKEN": "sentinel-token-5f1c"}
