"""``iactl unlock``: take an environment's lock away from a run that has died."""

from __future__ import annotations

import time

from .exits import Exit
from .operations import Request
from .report import Report
from .runner.result import Result
from .runner.run import run_playbook
from .setup_outcome import judge_setup

_VERDICT = "release_lock_verdict"


def unlock(request: Request, *, force: bool) -> Report:
    """Take the lock away.

    Args:
        request: where.
        force: also from a run that was heard of a moment ago.
    """
    started = time.monotonic()
    report = Report("unlock", request.environment.name)
    variables = {"release_lock_force": force, "release_actor": request.actor}
    result = run_playbook("unlock", request.environment.folder, variables, request.listener)
    judge(report, result)
    report.seconds = time.monotonic() - started
    return report


def judge(report: Report, result: Result) -> Report:
    """Fill in what became of the lock. Pure."""
    verdict = result.facts.get(_VERDICT)
    if result.cancelled:
        report.exit, report.message = Exit.CANCELLED, "Cancelled."
    elif verdict is None or (verdict["exit_code"] == Exit.DONE and result.rc != 0):
        judge_setup(report, result)
        if report.exit is Exit.DONE:
            report.exit, report.message = Exit.INTERNAL, "The playbook ended without a verdict."
        elif verdict is not None and verdict["run"] and result.unreachable:
            lost = ", ".join(sorted(result.unreachable))
            report.message = (
                f"Run {verdict['run']} can change nothing any more on the servers that answer;"
                f" {lost} cannot be reached and was not told."
            )
            report.next_step = f"Bring {lost} back, then unlock again."
    else:
        report.exit = Exit(verdict["exit_code"])
        report.message = verdict["message"]
        report.next_step = verdict["next_step"]
        report.data["lease"] = verdict["lease"]
    return report
