"""A plan's checks, run and recorded."""

from __future__ import annotations

from .attempt_log import AttemptLog
from .kinds import load
from .result import Result
from .scheduler import Scheduler
from .spec import Plan


def run_plan(plan: Plan) -> tuple[list[Result], str]:
    """Run all checks.

    Returns:
        One result per check, and what went wrong with the log, or an empty string.
    """
    log = AttemptLog(plan.log_file, plan.log_max_bytes, plan.log_keep)
    probes = load(check.kind for check in plan.checks)
    scheduler = Scheduler(probes, plan.deadline, plan.concurrency, log.write)
    return scheduler.run(plan.checks), log.problem
