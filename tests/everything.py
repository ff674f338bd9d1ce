"""``make test``: every check and test of a change, one after the other, and a table at the end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.fleet import Fleet, daemon
from tests.fleet.errors import RigError
from tests.suites import ON_TWO_RIGS, ROOT, run_suite

BIN = ROOT / ".venv" / "bin"
APPLICATION = ROOT / "examples" / "innerarchitect"
APPLICATION_PYTHON = ROOT / ".venv-application" / "bin" / "python"


@dataclass(frozen=True)
class Outcome:
    """How one step ended."""

    name: str
    passed: bool
    seconds: float


def command(*argv: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> bool:
    """Run a command with its output on this terminal; tell whether it succeeded."""
    environment = {**os.environ, **(env or {})}
    done = subprocess.run([str(one) for one in argv], cwd=cwd, env=environment, check=False)
    return done.returncode == 0


def lint() -> bool:
    """Format, types and style."""
    return command("make", "--no-print-directory", "lint")


def suite(what: str, *options: str, env: Mapping[str, str] | None = None) -> Callable[[], bool]:
    """Return the step that runs one folder or file of tests."""
    return lambda: run_suite(what, *options, env=env) == 0


def integration() -> bool:
    """Parts of the product with real peers; Molecule's scenarios share nothing with each other."""
    scenarios = "integration/test_molecule.py"
    together = suite("integration", *ON_TWO_RIGS, f"--ignore=tests/{scenarios}")
    alone = suite(scenarios, "-n", "2", "--dist", "load", "--maxschedchunk", "1")
    return all([together(), alone()])


def application() -> bool:
    """The reference application's own tests, with a real PostgreSQL and Redis."""
    with Fleet.up(servers=1, registry=False) as fleet:
        peers = {
            "TEST_DATABASE_URL": fleet.database.create_database("application_tests"),
            "TEST_REDIS_URL": fleet.cache.url,
        }
        return command(APPLICATION_PYTHON, "-m", "pytest", "-q", cwd=APPLICATION, env=peers)


STORY = "test_pipeline.py"
STEPS: dict[str, Callable[[], bool]] = {
    "lint": lint,
    "unit": suite("unit", "-n", "auto"),
    "workflows": suite("workflows", f"--ignore=tests/workflows/{STORY}"),
    "application": application,
    "integration": integration,
    "e2e": suite("e2e", *ON_TWO_RIGS),
    # At least one row of each fault.
    "faults": suite(
        "faults",
        *ON_TWO_RIGS,
        env={"FAULTS_ROWS": "each", "FAULTS_ROUNDS": "3", "FAULTS_RATE": "30"},
    ),
}
# What takes too long for every change; ``make test-long``.
LONG: dict[str, Callable[[], bool]] = {
    "all-faults": suite("faults", *ON_TWO_RIGS),
    "load": suite("e2e/test_load.py", env={"LOAD_ROUNDS": "10"}),
    "pipeline": suite(f"workflows/{STORY}"),
}


def main(chosen: list[str]) -> int:
    """Run the chosen steps, or all of every change; return the exit code."""
    try:
        daemon.ensure(print)
    except RigError as error:
        print(f"tests: {error}", file=sys.stderr)
        return 1
    outcomes = []
    for name in chosen or STEPS:
        print(f"\n=== {name}", flush=True)
        started = time.monotonic()
        passed = {**STEPS, **LONG}[name]()
        outcomes.append(Outcome(name, passed, time.monotonic() - started))
    print("\n=== summary")
    for one in outcomes:
        print(f"{'passed' if one.passed else 'FAILED'}  {one.seconds:7.1f} s  {one.name}")
    failed = sum(1 for one in outcomes if not one.passed)
    print(f"steps: {len(outcomes) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
