"""How every command runs: under the live view, and to an exit code."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console

from . import inputs, view
from .console import lasting_console, silence
from .environments import find_environment
from .exits import CommandError, Exit
from .operations import Request
from .report import Report


def watched(
    title: str,
    env: str,
    inventories: Path | None,
    actor: str | None,
    go: Callable[[Request], Report],
    *,
    steps: bool = False,
) -> Report:
    """Run an operation under the live view."""
    environment = find_environment(env, inventories)
    who = inputs.actor(actor)
    with view.LiveView(
        lasting_console(stderr=True), f"{environment.name}: {title}", steps=steps
    ) as live:
        return go(Request(environment, who, inputs.run_url(), live.take))


def finish(
    work: Callable[[], Report],
    as_json: bool,
    debug: bool,
    show: Callable[[Console, Report], None] = view.print_report,
) -> None:
    """Do the work, print its report and exit with its code; a failure is a sentence too."""
    try:
        report = work()
    except CommandError as error:
        report = Report("", "", error.code, error.what, error.next_step)
    except KeyboardInterrupt:
        report = Report("", "", Exit.CANCELLED, "Cancelled before anything was touched.")
    except Exception as error:  # pylint: disable=broad-exception-caught
        if debug:
            traceback.print_exc()
        report = Report(
            "",
            "",
            Exit.INTERNAL,
            f"This is a fault in iactl: {type(error).__name__}: {error}",
            "Run it again with --debug and report what it prints.",
        )
    report.at = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    try:
        if as_json:
            print(json.dumps(report.to_json(), indent=2), flush=True)
        else:
            show(lasting_console(stderr=report.exit is not Exit.DONE), report)
    except OSError:  # nobody reads any more, and the exit code still tells
        silence(sys.stdout)
        silence(sys.stderr)
    sys.exit(int(report.exit))
