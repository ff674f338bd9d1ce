"""What ``iactl scan``, ``lint`` and ``test`` share: run gates, keep and tell the results."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ..console import lasting_console
from ..exits import CommandError, Exit, bad_input
from ..github import add_summary, set_output
from ..report import Report
from . import store
from .allow import FILE as ALLOW
from .allow import read_entries
from .catalogue import NAMES
from .file_names import shown
from .job import Gate, Job, run_gates
from .project import Project
from .reports.files import write_sarif
from .reports.summary import summary
from .reports.table import told
from .verdict import Verdict

_MOST_SHOWN = 20


@dataclass(frozen=True)
class Command:
    """One of the commands.

    Attributes:
        name: its name.
        title: the heading of its part of the step summary.
        gates: all of its gates.
        keeps: the name of its file of verdicts.
        leaves: the names of the other files that it leaves; older ones are removed first.
        in_turn: whether a gate needs what the one before it has left.
    """

    name: str
    title: str
    gates: Mapping[str, Gate]
    keeps: str
    leaves: Mapping[str, Sequence[str]]
    in_turn: bool = False


def run(command: Command, project: Project, output: Path, python: Path, only: str = "") -> Report:
    """Run a command's gates, or some of them, and return what it prints.

    Args:
        only: names of gates, separated by commas; an empty string means all.

    Raises:
        CommandError: an input is wrong, or the folder cannot be written to.
    """
    started = time.monotonic()
    chosen = choose(command.gates, only)
    today = datetime.now(timezone.utc).date()
    entries = read_entries(project.root, NAMES, today)
    output = output.absolute()
    kept = output / command.keeps
    _clear(command, output, chosen)
    job = Job(project, output, python)
    screen = lasting_console(stderr=True)

    def ended(verdict: Verdict, seconds: float) -> None:
        screen.print(told(verdict, seconds), markup=False, highlight=False, soft_wrap=True)

    workers = 1 if command.in_turn else os.cpu_count() or 1
    verdicts = run_gates(chosen, job, entries, today, ended, workers)
    store.merge(kept, verdicts, commit=project.commit)
    write_sarif(output)
    report = outcome(command, verdicts, output)
    add_summary(summary(command.title, verdicts))
    set_output("verdict", "pass" if report.exit is Exit.DONE else "fail")
    report.seconds = time.monotonic() - started
    return report


def choose(gates: Mapping[str, Gate], only: str) -> dict[str, Gate]:
    """Return the gates that were asked for. Pure.

    Raises:
        CommandError: one of the names is none of them.
    """
    names = [name.strip() for name in only.split(",") if name.strip()] if only else list(gates)
    unknown = [name for name in names if name not in gates]
    if unknown or not names:
        raise bad_input("--only", only, f"some of {','.join(gates)}")
    return {name: gate for name, gate in gates.items() if name in names}


def outcome(command: Command, verdicts: Sequence[Verdict], output: Path) -> Report:
    """Return what the command prints. Pure."""
    blocking = [one for one in verdicts if one.blocks]
    passed = [one for one in verdicts if not one.blocks and not one.left_out]
    report = Report(command.name, "", data=store.to_json(verdicts))
    report.message = f"{len(passed)} passed"
    if blocking:
        report.message += f", {len(blocking)} did not"
    left_out = [one.gate for one in verdicts if one.left_out]
    if left_out:
        report.message += f"; {', '.join(left_out)} did not run and did not have to"
    report.message += "."
    for one in verdicts:
        report.details += _details(one)
    if blocking or not passed:
        report.exit = Exit.GATE_FAILED
        found = any(one.findings for one in blocking)
        accept = f", or accept it in {ALLOW}" if found else ""
        report.next_step = f"Mend what is named above{accept}; the results lie in {output}."
    if not blocking and not passed:
        report.message = "Nothing was looked at, so nothing has passed."
        report.next_step = "Name the project's top folder by --project."
    return report


def _details(one: Verdict) -> list[str]:
    lines = [f"{one.gate}: {shown(str(finding))}" for finding in one.findings[:_MOST_SHOWN]]
    if len(one.findings) > _MOST_SHOWN:
        lines.append(f"{one.gate}: and {len(one.findings) - _MOST_SHOWN} more")
    return [*lines, *(f"{one.gate}: note: {shown(note)}" for note in one.notes)]


def _clear(command: Command, output: Path, chosen: Mapping[str, Gate]) -> None:
    """Remove what an earlier run left, so that a tool that breaks cannot be judged by it."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        for gate in chosen:
            for name in command.leaves.get(gate, ()):
                (output / name).unlink(missing_ok=True)
    except OSError as problem:
        raise CommandError(
            Exit.BAD_INPUT,
            f"{output} cannot be written to: {problem}.",
            "Name a folder that can be written to with --output.",
        ) from problem
    store.forget(output / command.keeps, chosen)
