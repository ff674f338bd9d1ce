"""What a step tells GitHub: its part of the summary and its outputs. Elsewhere nothing happens."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from .exits import CommandError, Exit


def add_summary(text: str, environ: Mapping[str, str] = os.environ) -> None:
    """Add Markdown to the step summary.

    Raises:
        CommandError: the file that GitHub names cannot be written to.
    """
    _append("GITHUB_STEP_SUMMARY", text, environ)


def set_output(name: str, value: str, environ: Mapping[str, str] = os.environ) -> None:
    """Set an output of the step; a line break in the value would begin another output.

    Raises:
        ValueError: the value has more than one line.
        CommandError: the file that GitHub names cannot be written to.
    """
    if "\n" in value or "\r" in value:
        raise ValueError(f"the output {name} has more than one line")
    _append("GITHUB_OUTPUT", f"{name}={value}\n", environ)


def set_environment(name: str, value: str, environ: Mapping[str, str] = os.environ) -> None:
    """Set a variable for the job's later steps; a line break would begin another variable.

    Raises:
        ValueError: the value has more than one line.
        CommandError: the file that GitHub names cannot be written to.
    """
    if "\n" in value or "\r" in value:
        raise ValueError(f"the variable {name} has more than one line")
    _append("GITHUB_ENV", f"{name}={value}\n", environ)


def _append(variable: str, text: str, environ: Mapping[str, str]) -> None:
    named = environ.get(variable)
    if not named:
        return
    try:
        with Path(named).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CommandError(
            Exit.BAD_INPUT,
            f"{variable} names a file that cannot be written: {error}.",
            f"Unset {variable} where this is not GitHub.",
        ) from error
