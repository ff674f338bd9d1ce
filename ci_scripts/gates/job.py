"""What a gate gets, and running several gates: each one ends in a verdict, whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ..evidence import EvidenceError
from .allow import Entry, apply_entries
from .locks import LockError
from .project import MissingPath, Project
from .tool import ToolBroke, ToolMissing
from .verdict import Verdict, error, not_run


@dataclass(frozen=True)
class Job:
    """One run of gates.

    Attributes:
        output: folder for the tools' results.
        python: the interpreter of the project's own environment.
    """

    project: Project
    output: Path
    python: Path


class CannotRun(Exception):
    """A gate has nothing that it could go by; the text says what is missing."""


Gate = Callable[[Job], Verdict]
Ended = Callable[[Verdict, float], None]


def run_gates(
    gates: Mapping[str, Gate],
    job: Job,
    entries: Sequence[Entry],
    today: date,
    ended: Ended,
    workers: int,
) -> list[Verdict]:
    """Run gates side by side, and return their verdicts in the order given.

    Args:
        entries: the allow-list.
        workers: how many run at a time; with 1 they run in the order given.
        ended: is told each verdict and its seconds as soon as there is one.
    """

    def work(name: str) -> tuple[Verdict, float]:
        started = time.monotonic()
        verdict = apply_entries(verdict_of(name, gates[name], job), entries, today)
        return verdict, time.monotonic() - started

    verdicts: dict[str, Verdict] = {}
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for future in as_completed([pool.submit(work, name) for name in gates]):
            verdict, seconds = future.result()
            verdicts[verdict.gate] = verdict
            ended(verdict, seconds)
    return [verdicts[name] for name in gates]


def verdict_of(name: str, gate: Gate, job: Job) -> Verdict:
    """Return what a gate came to; one that breaks is an error and stops no other gate."""
    try:
        return gate(job)
    except (CannotRun, ToolMissing) as problem:
        return not_run(name, f"{problem}.")
    except (EvidenceError, LockError, MissingPath, ToolBroke) as problem:
        return error(name, f"{problem}.")
    except Exception as problem:  # pylint: disable=broad-exception-caught
        return error(name, f"The gate broke: {type(problem).__name__}: {problem}.")
