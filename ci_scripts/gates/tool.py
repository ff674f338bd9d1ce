"""Running somebody else's tool: what it printed and its exit code, which proves nothing alone."""

from __future__ import annotations

import os
import shutil
import subprocess  # nosec B404 - a list, never a shell
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

_SECONDS = 600
_MOST_WORDS = 160  # of a tool, in a sentence of ours
_EXTRA = "pip install '.[ci]' in the checkout of innerarchitect-deploy"


class ToolMissing(Exception):
    """A tool is not installed; the text says how to get it."""


class ToolBroke(Exception):
    """A tool did not do its work; the text says what it said."""


@dataclass(frozen=True)
class Ran:
    """How a tool ended.

    Attributes:
        code: its exit code.
        out: its standard output.
        err: its standard error.
    """

    code: int
    out: str
    err: str

    @property
    def last_words(self) -> str:
        """The last line that it printed, errors first; for a sentence about why it broke."""
        for text in (self.err, self.out):
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            if lines:
                return lines[-1] if len(lines[-1]) <= _MOST_WORDS else f"{lines[-1][:_MOST_WORDS]}…"
        return f"it ended with exit code {self.code} and said nothing"


def module(name: str, distribution: str = "") -> list[str]:
    """Return how to start a tool that is a Python module of this installation.

    The project's folder stays out of the module path: a package of the same name there would run
    in the tool's place.

    Raises:
        ToolMissing: it is not installed.
    """
    version(distribution or name)
    return [sys.executable, "-P", "-m", name]


def binary(name: str, how: str = "") -> list[str]:
    """Return how to start a tool that is a program of its own.

    Args:
        how: the command that installs it, where it does not come with the extra ``ci``.

    Raises:
        ToolMissing: it is not installed.
    """
    found = shutil.which(name, path=_path(os.environ))
    if found is None:
        raise ToolMissing(_how_to_get(name, how))
    return [found]


def version(distribution: str) -> str:
    """Return a tool's version.

    Raises:
        ToolMissing: it is not installed.
    """
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError as error:
        raise ToolMissing(_how_to_get(distribution)) from error


def run(
    command: Sequence[str],
    cwd: Path,
    *,
    environ: Mapping[str, str] | None = None,
    seconds: float = _SECONDS,
) -> Ran:
    """Run a tool to its end.

    Args:
        environ: variables besides this process's own.

    Raises:
        ToolBroke: it cannot be started, or has not ended in time.
    """
    variables = {**os.environ, "PATH": _path(os.environ), "NO_COLOR": "1", **(environ or {})}
    try:
        done = subprocess.run(  # nosec B603 - a list, no shell
            command,
            cwd=cwd,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except subprocess.TimeoutExpired as error:
        raise ToolBroke(f"it had not ended after {seconds:.0f} s") from error
    except OSError as error:
        raise ToolBroke(f"it cannot be started: {error}") from error
    return Ran(done.returncode, done.stdout, done.stderr)


def stream(command: Sequence[str], cwd: Path, *, environ: Mapping[str, str], seconds: float) -> int:
    """Run a tool with its output on standard error, and return its exit code.

    Args:
        environ: variables besides this process's own.

    Raises:
        ToolBroke: it cannot be started, or has not ended in time.
    """
    try:
        done = subprocess.run(  # nosec B603 - a list, no shell
            command,
            cwd=cwd,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=2,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolBroke(f"it had not ended after {seconds:.0f} s") from error
    except OSError as error:
        raise ToolBroke(f"it cannot be started: {error}") from error
    return done.returncode


def _path(environ: Mapping[str, str]) -> str:
    """The search path with this installation's programs in front."""
    return os.pathsep.join((str(Path(sys.executable).parent), environ.get("PATH", os.defpath)))


def _how_to_get(name: str, how: str = "") -> str:
    return f"{name} is not installed: {how or _EXTRA}"
