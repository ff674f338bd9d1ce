"""Running commands side by side and measuring what they cost the machine they run on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

DEADLINE = 180.0  # seconds for one measured action
_GRACE = 60.0  # seconds for an interrupted one to end


class BenchError(Exception):
    """A measured action did not do what it should; the figures would mean nothing."""


@dataclass(frozen=True)
class Command:
    """One command line.

    Attributes:
        argv: program and arguments.
        cwd: where it runs.
        stdin: a file that it reads, or None.
        environment: variables on top of the bench's own.
    """

    argv: list[str]
    cwd: Path
    stdin: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """What commands that ran side by side came to.

    Attributes:
        seconds: from the first start to the last exit.
        cpu_seconds: user and system time of the commands and the children they waited for.
        codes: exit codes.
        outputs: what each wrote to standard output.
        lines: what they wrote to standard error, each line with seconds since the start.
    """

    seconds: float
    cpu_seconds: float
    codes: list[int]
    outputs: list[str]
    lines: list[tuple[float, str]]

    def check(self, what: str) -> Run:
        """Return itself; BenchError when a command failed."""
        if any(self.codes):
            said = "\n".join([line for _, line in self.lines[-15:]] + self.outputs)
            raise BenchError(f"{what} failed with exit codes {self.codes}:\n{said[-3000:]}")
        return self


def run_together(commands: Sequence[Command], started: list[int] | None = None) -> Run:
    """Start all commands at once and wait for the last one; on an exception none is left behind.

    Args:
        commands: what to run.
        started: gets the process ids, for somebody who watches from outside.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        files = [Path(folder, f"{number}.out") for number in range(len(commands))]
        readers: list[threading.Thread] = []
        lines: list[tuple[float, str]] = []
        processes: list[subprocess.Popen[str]] = []
        timer = threading.Timer(DEADLINE, _stop, [processes])
        begin = time.monotonic()
        try:
            for command, file in zip(commands, files, strict=True):
                processes.append(_start(command, file))
                readers.append(_reader(processes[-1].stderr, begin, lines))
            if started is not None:
                started += [process.pid for process in processes]
            timer.start()
            usages = [_wait(process) for process in processes]
            seconds = time.monotonic() - begin
        finally:
            timer.cancel()
            _end(processes)
        for reader in readers:
            # A kept SSH connection holds its copy of standard error for longer than its command.
            reader.join(timeout=0.2)
        return Run(
            seconds=seconds,
            cpu_seconds=sum(usages),
            codes=[process.returncode for process in processes],
            outputs=[file.read_text(encoding="utf-8", errors="replace") for file in files],
            lines=sorted(lines),
        )


def _start(command: Command, output: Path) -> subprocess.Popen[str]:
    with output.open("wb") as out, (command.stdin or Path(os.devnull)).open("rb") as source:
        return subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env={**os.environ, **command.environment},
            stdin=source,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is the bench's; it then ends what it started
        )


def _wait(process: subprocess.Popen[str]) -> float:
    """Wait for one process; returns the processor time of it and its children, in seconds."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def _reader(
    stream: IO[str] | None, begin: float, lines: list[tuple[float, str]]
) -> threading.Thread:
    def read() -> None:
        for line in stream or ():
            lines.append((time.monotonic() - begin, line.rstrip("\n")))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _stop(processes: Sequence[subprocess.Popen[str]]) -> None:
    """Ask those that still run to end; whoever waits for them sees how they did."""
    for process in processes:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)


def _end(processes: Sequence[subprocess.Popen[str]]) -> None:
    """Leave nothing running: iactl brings its servers back when it is asked to end."""
    _stop(processes)
    for process in processes:
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
