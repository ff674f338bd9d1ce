"""Where people are told things. Whoever stops reading ends nothing."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import IO, Any

from rich.console import Console


class _Lasting(Console):
    """Goes on in silence when nobody reads any more, where rich would end the program: a release
    whose output goes into a closed pipe has to be ended, its lock given back."""

    def on_broken_pipe(self) -> None:
        """Say nothing from here on."""
        self.quiet = True
        silence(self.file)


def lasting_console(*, stderr: bool = False) -> Console:
    """Return a console that outlives its reader."""
    return _Lasting(stderr=stderr)


def silence(file: IO[Any]) -> None:
    """Send what is still written to nowhere, the interpreter's last flush too; its failure would
    become the exit code."""
    with suppress(OSError):  # a stream without a descriptor has nothing behind it to break
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, file.fileno())
        os.close(nowhere)
