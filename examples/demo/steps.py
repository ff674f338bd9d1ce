"""Running the demo's steps, and remembering what each one did to users."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tests.fleet.shell import quiet

IACTL = Path(sys.executable).with_name("iactl")


class DemoError(Exception):
    """The demo did not show what it should; the sentence says what it was."""


@dataclass
class Step:
    """One line of the final table.

    Attributes:
        name: what was done.
        seconds: how long it took.
        exit_code: iactl's exit code.
    """

    name: str
    seconds: float
    exit_code: int


def iactl(console: Console, name: str, *arguments: str, expect: int = 0) -> Step:
    """Run iactl as an operator would, its output on this terminal.

    Raises:
        DemoError: its exit code is not ``expect``.
    """
    shown = " ".join(argument for argument in arguments)
    console.print(f"\n[bold cyan]$ iactl {shown}[/]", highlight=False, soft_wrap=True)
    started = time.monotonic()
    done = subprocess.run([str(IACTL), *arguments], check=False, env=quiet())
    step = Step(name, time.monotonic() - started, done.returncode)
    if step.exit_code != expect:
        raise DemoError(f"'iactl {shown}' ended with {step.exit_code} instead of {expect}")
    return step


def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run iactl without showing it, and return its exit code and what it said."""
    argv = [str(IACTL), *arguments]
    return subprocess.run(argv, check=False, capture_output=True, text=True, env=quiet())
