"""What the commands do, one function each; printing is elsewhere."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from . import notifications, outcome, setup_outcome
from .environments import Environment
from .exits import Exit
from .fleet_status import judge_status
from .history import Wanted, merge_history
from .report import Report, count_servers
from .runner.private import dead_runs, remember_dead
from .runner.result import Event, Result
from .runner.run import run_playbook

_ALL = 1_000_000  # entries of a history that is looked through

Listener = Callable[[Event], None]


@dataclass(frozen=True)
class Request:
    """What every operation needs.

    Attributes:
        environment: where.
        actor: who asks.
        run_url: where the run can be watched; may be empty.
        listener: gets every event, for the live view.
    """

    environment: Environment
    actor: str
    run_url: str = ""
    listener: Listener = lambda event: None


def new_release_id() -> str:
    """Return an id that sorts by time and differs between two deploys in one second."""
    return f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def bootstrap(request: Request) -> Report:
    """Prepare the environment's servers."""
    report, result = _run(request, "bootstrap", {})
    if report.exit is Exit.DONE:
        changed = sum(1 for count in result.changed.values() if count)
        report.message = (
            f"{request.environment.name} is ready on {count_servers(len(result.hosts))}"
            f" ({changed} changed)."
        )
    return report


def deploy(request: Request, image: str, check: bool, allow_destructive: bool) -> Report:
    """Deploy an image to all servers or to none."""
    variables = {
        "release_image": image,
        "release_id": new_release_id(),
        "release_allow_destructive": allow_destructive,
    }
    return _release(request, "deploy", variables, check)


def rollback(request: Request, target: str, check: bool, past_destructive: bool) -> Report:
    """Bring a kept release back on all servers or on none."""
    variables = {
        "release_target": target,
        "release_id": new_release_id(),
        "release_allow_destructive": past_destructive,
    }
    return _release(request, "rollback", variables, check)


def status(request: Request) -> Report:
    """Tell what really runs."""
    report, result = _run(request, "status", {})
    return judge_status(report, result, dead_runs())


def history(request: Request, limit: int, wanted: Wanted) -> Report:
    """Tell what was done, newest first."""
    asked = _ALL if wanted.narrows else limit
    report, result = _run(request, "history", {"release_history": asked}, playbook="status")
    # One lost server must not hide what the others know.
    told = [row for row in merge_history(result.answers) if wanted.takes(row)]
    report.data["history"] = told[:limit]
    if report.exit is Exit.DONE:
        report.message = f"{len(report.data['history'])} entries."
    return report


def _run(
    request: Request, command: str, variables: dict[str, Any], playbook: str = ""
) -> tuple[Report, Result]:
    """Run a command that has no release in it; its playbook bears its name or another one."""
    started = time.monotonic()
    report = Report(command, request.environment.name)
    folder = request.environment.folder
    result = run_playbook(playbook or command, folder, variables, request.listener)
    if result.cancelled:
        report.exit, report.message = Exit.CANCELLED, "Cancelled."
    else:
        setup_outcome.judge_setup(report, result)
    report.seconds = time.monotonic() - started
    return report, result


def _release(request: Request, action: str, variables: dict[str, Any], check: bool) -> Report:
    started = time.monotonic()
    report = Report(action, request.environment.name)
    report.data["image"] = variables.get("release_image", "")
    report.data["check"] = check
    wanted = {
        **variables,
        "release_actor": request.actor,
        "release_run_url": request.run_url,
        "release_dead_runs": dead_runs(),
    }
    folder = request.environment.folder
    told = notifications.Told(request.listener)
    result = run_playbook(action, folder, wanted, told.take, check=check)
    if result.cancelled:
        finish = None if check else _finish(request, action, wanted, result)
        outcome.judge_cancelled(report, result, finish)
    else:
        outcome.judge_release(report, result)
    if report.exit is not Exit.DONE or not all(one["ok"] for one in result.verdicts):
        # Where its lock could not be given back, the next run need not wait until it runs out.
        remember_dead(variables["release_id"])
    report.data["remote_calls"] = max(result.remote_calls.values(), default=0)
    report.seconds = time.monotonic() - started
    notifications.settle(report, told, folder, check=check)
    return report


def _claim(plan: dict[str, Any] | None, run: str) -> dict[str, Any]:
    """Return the lease that is given back. A plan that was refused may have been made again, and
    have got the lease then; the server knows whose it is."""
    return {**((plan or {}).get("lease") or {"run": run}), "held": True}


def _finish(request: Request, action: str, variables: dict[str, Any], run: Result) -> Result | None:
    """After a cancel, end the release: forward where it is not undone any more, else back.

    Returns:
        The run that did it, or None when nothing had been touched. A second signal leaves it out.
    """
    if "plan" not in run.begun:
        return None
    plan = next((one for one in run.verdicts if one["phase"] == "plan"), None)
    touched = plan is not None and plan["ok"] and not plan["same"]
    ending = "abort" if touched else "unlock"
    if outcome.is_live(run):
        ending = "commit" if "commit" in outcome.reached(run) else "forward"
    if run.hurried:
        return Result(cancelled=True) if touched else None
    target = (plan or {}).get("target")
    finish = run_playbook(
        "finish",
        request.environment.folder,
        {
            **variables,
            "release_ending": ending,
            "release_id": target or variables["release_id"],
            "release_claim": _claim(plan, variables["release_id"]),
            "release_handover": (plan or {}).get("handover") or "none",
            "release_action": action,
            "release_target": target or "previous",
            "release_reason": "cancelled",
        },
        request.listener,
        heard=run.signals,
    )
    return finish if touched else None
