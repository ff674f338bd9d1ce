"""Stopping a phase of a release on a server at one exact instruction."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.fleet.container import File
from tests.fleet.server import Server
from tests.fleet.waiting import wait_until

from .stopping import PLAN, STOPPED

PYTHON = "/usr/local/bin/stopping-python"
_SCRIPT = "/usr/local/lib/stopping.py"
_PYTHON = f"""#!/bin/sh
if [ -e {PLAN} ] && [ "$3" = -c ]; then
    exec /usr/bin/python3 -I -S {_SCRIPT} "$@"
fi
exec /usr/bin/python3 "$@"
"""


def install(server: Server) -> None:
    """Put the stopping Python on a server, for ``ansible_python_interpreter``."""
    source = Path(__file__).with_name("stopping.py").read_bytes()
    server.put([File(PYTHON, _PYTHON.encode(), 0o755), File(_SCRIPT, source)])


@dataclass(frozen=True)
class Breakpoint:
    """An instruction on a server; ``ansible_python_interpreter`` must be PYTHON on all of them.

    Attributes:
        server: where.
        event: Python's audit event, such as os.rename.
        holds: a text that an argument of it holds.
        inside: a text in the file behind its first argument.
        when: before it, or after it.
    """

    server: Server
    event: str
    holds: str
    inside: str = ""
    when: str = "before"

    def set(self) -> None:
        """Have the next process that comes to the instruction stop there."""
        plan = {one: getattr(self, one) for one in ("event", "holds", "inside", "when")}
        script = f"rm -f {STOPPED}; cat > {PLAN}"
        self.server.run(["sh", "-c", script], stdin=json.dumps(plan), check=True)

    def wait(self, command: subprocess.Popen[str], deadline: float = 90.0) -> None:
        """Wait until a process of a command stands there; AssertionError when the command ends."""

        def stands() -> bool:
            assert command.poll() is None, f"it ended before: {command.communicate()}"
            return self.server.run(["cat", STOPPED]).returncode == 0

        what = f"{self.when} {self.event} {self.holds} {self.inside}"
        wait_until(stands, what, deadline=deadline, every=0.05)

    def kill(self) -> None:
        """Kill what stands there."""
        self._signal("KILL")

    def go_on(self) -> None:
        """Let it go on."""
        self._signal("CONT")

    def clear(self) -> None:
        """Stop nobody any more; what stands somewhere is killed."""
        script = f"rm -f {PLAN}; test ! -e {STOPPED} || kill -KILL $(cat {STOPPED}) || true"
        self.server.run(["sh", "-c", script], check=True)

    def _signal(self, name: str) -> None:
        self.server.run(["sh", "-c", f"kill -{name} $(cat {STOPPED})"], check=True)


def journal_step(server: Server, step: str, when: str) -> Breakpoint:
    """Return the breakpoint at a host's journal entry; ``end`` is its removal."""
    if step == "end":
        return Breakpoint(server, "os.remove", "/journal.json", "", when)
    return Breakpoint(server, "os.rename", "/journal.json", f'"step": "{step}"', when)
