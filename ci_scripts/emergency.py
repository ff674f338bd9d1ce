"""``iactl emergency-access``: let a key in for a bounded time, or end that."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from .exits import Exit
from .operations import Request
from .reachability import explain
from .report import Report, count_servers
from .runner.result import Result
from .runner.run import run_playbook
from .setup_outcome import judge_setup

_COMMAND = "emergency-access"
Judge = Callable[[Report, Result], Report]


@dataclass(frozen=True)
class Asked:
    """An access that is asked for.

    Attributes:
        public_key: type and key.
        minutes: how long.
        reason: why.
    """

    public_key: str
    minutes: int
    reason: str


def give(request: Request, asked: Asked) -> Report:
    """Let the key in on every server."""
    wanted = {
        "access_public_key": asked.public_key,
        "access_minutes": asked.minutes,
        "access_reason": asked.reason,
    }
    return _run(request, wanted, judge_open)


def end(request: Request) -> Report:
    """Take the access back on every server."""
    return _run(request, {"access_end": True}, judge_end)


def _run(request: Request, wanted: dict[str, object], judge: Judge) -> Report:
    started = time.monotonic()
    report = Report(_COMMAND, request.environment.name)
    variables = {"access_actor": request.actor, **wanted}
    folder = request.environment.folder
    result = run_playbook("emergency_access", folder, variables, request.listener)
    judge(report, result)
    report.seconds = time.monotonic() - started
    return report


def judge_open(report: Report, result: Result) -> Report:
    """Fill in where the key is let in. Pure."""
    there = _settled(report, result)
    if report.exit is not Exit.DONE:
        if there:
            report.message = f"The key is let in on {', '.join(there)} only."
            report.next_step = f"To end it there: iactl {_COMMAND} {report.environment} --end"
        return report
    first = next(iter(there.values()))
    report.message = (
        f"{first['user']} is let in on {count_servers(len(there))} until {first['until']} with key"
        f" {first['fingerprint']}, and may become root with sudo."
    )
    report.next_step = f"To end it before: iactl {_COMMAND} {report.environment} --end"
    return report


def judge_end(report: Report, result: Result) -> Report:
    """Fill in where the access is over. Pure."""
    there = _settled(report, result)
    if report.exit is not Exit.DONE:
        if there:
            report.message = f"The access is over on {', '.join(there)} only."
            report.next_step = "It ends by itself elsewhere. Repeat when the servers answer."
        return report
    ended = [host for host, access in there.items() if access]
    report.message = f"The emergency access is over on {count_servers(len(ended))}."
    if not ended:
        report.message = "There was no emergency access; nothing was changed."
    return report


def _settled(report: Report, result: Result) -> dict[str, dict[str, str]]:
    """Return what the servers that came to the end answered; where not all did, say why."""
    if result.cancelled:
        report.exit, report.message = Exit.CANCELLED, "Cancelled."
        report.next_step = f"See what is open: iactl status {report.environment}"
        return {}
    lost = {**result.failures, **result.unreachable}
    there = {
        host: dict(answer["access"])
        for host, answer in sorted(result.answers.items())
        if host not in lost
    }
    judge_setup(report, result)
    if report.exit is not Exit.DONE and there:
        report.exit = Exit.NEEDS_HUMAN
        report.details = [
            f"{host}: {explain(said)[0] if host in result.unreachable else said}"
            for host, said in sorted(lost.items())
        ]
    return there
