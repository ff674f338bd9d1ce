"""A home folder for one measured action, so that no SSH connection is left from the one before."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from .commands import Command
from .contenders import program

_PROGRAMS = ("ssh", "sftp", "scp")
# Only the first line of a remote command matters: the server's address stands before it.
_WATCH = """#!/bin/sh
end='
'
line="$*"
echo "@$(date +%s.%N) ${{line%%"$end"*}}" >> {log}
exec {real} "$@"
"""
_LINE = re.compile(r"@(?P<at>[0-9.]+) (?P<rest>.*)")


@dataclass(frozen=True)
class Home:
    """A folder that stands in for the user's."""

    folder: Path

    def send(self, commands: list[Command], *, watched: bool = False) -> list[Command]:
        """Return the commands so that they use this home, and its ssh when they are watched."""
        environment = {"HOME": str(self.folder)}
        if watched:
            environment["PATH"] = f"{self._watch()}{os.pathsep}{os.environ['PATH']}"
        return [replace(one, environment={**one.environment, **environment}) for one in commands]

    def connections(self, addresses: list[str]) -> Connections:
        """Return what the watched commands sent to these servers."""
        lines = [match for match in map(_LINE.match, self._logged()) if match]
        per_server = Counter(
            address
            for line in lines
            for address in addresses
            if re.search(rf"(^|[ @]){re.escape(address)}( |$|:)", line["rest"])
        )
        return Connections(dict(per_server), sorted(float(line["at"]) for line in lines))

    def _logged(self) -> list[str]:
        log = self.folder / "ssh.log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    def _watch(self) -> Path:
        """Put programs in front of ssh and its kin that write down each start."""
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        log = self.folder / "ssh.log"
        for name in _PROGRAMS:
            text = _WATCH.format(log=log, real=program(name))
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(0o755)
        return folder

    def hang_up(self) -> None:
        """End the SSH connections that Ansible keeps for later."""
        for control in (self.folder / ".ansible" / "cp").glob("*"):
            argv = ["ssh", "-F", "/dev/null", "-o", f"ControlPath={control}", "-O", "exit", "any"]
            subprocess.run(argv, capture_output=True, check=False, timeout=10)


@dataclass(frozen=True)
class Connections:
    """SSH, SFTP and SCP commands that a controller started.

    Attributes:
        per_server: address to their number.
        starts: when each started, seconds since the epoch.
    """

    per_server: dict[str, int]
    starts: list[float]


@contextmanager
def fresh_home() -> Iterator[Home]:
    """A home for one action; its connections and files are gone afterwards."""
    # A short path: a control socket's name has room for about 100 characters.
    home = Home(Path(tempfile.mkdtemp(prefix="bench-")))
    try:
        yield home
    finally:
        home.hang_up()
        shutil.rmtree(home.folder, ignore_errors=True)
