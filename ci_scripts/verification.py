"""``iactl verify``: run the checks, judge them, watch them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .exits import Exit
from .operations import Request
from .report import Report, count_servers
from .runner.result import Result
from .runner.run import run_playbook
from .setup_outcome import explain_lost, judge_setup

_VERDICT = "verify_verdict"
_OUTSIDE = "public"


def verify(request: Request, views: list[str]) -> Report:
    """Check an environment from the views asked for."""
    started = time.monotonic()
    report = Report("verify", request.environment.name)
    variables = {"verify_views": views}
    result = run_playbook("verify", request.environment.folder, variables, request.listener)
    judge(report, result)
    report.seconds = time.monotonic() - started
    return report


def judge(report: Report, result: Result) -> Report:
    """Fill in what a verification came to. Pure."""
    verdict = result.facts.get(_VERDICT)
    if result.cancelled:
        report.exit, report.message = Exit.CANCELLED, "Cancelled."
        return report
    if verdict is None:
        judge_setup(report, result)
        if report.exit is Exit.DONE:
            report.exit, report.message = Exit.INTERNAL, "The playbook ended without a verdict."
        return report
    places: dict[str, dict[str, Any]] = verdict["places"]
    report.hosts = places
    report.data["warnings"] = verdict["warnings"]
    if verdict["config"]:
        report.exit, report.message = Exit.BAD_INPUT, "The checks in app.yml are not right."
        report.details = verdict["config"]
        report.next_step = "docs/verify.md lists what each kind takes."
        return report
    lost = {name: told["problem"] for name, told in places.items() if told["lost"]}
    of_lost = tuple(f"{name}: " for name in lost)
    failed = [line for line in verdict["failed"] if not line.startswith(of_lost)]
    report.details = failed + [f"warning: {line}" for line in verdict["warnings"]]
    if not places:
        report.exit, report.message = Exit.BAD_INPUT, verdict["message"]
        report.next_step = f"Set app_public_url for '{report.environment}', or leave --outside out."
    elif failed or lost:
        report.exit = Exit.NEEDS_HUMAN
        report.message = f"{report.environment} is not healthy: {_count(failed, lost)}."
        explain_lost(report, lost)
    else:
        report.message = _good(report, places, verdict["warnings"])
    return report


def alert_facts(report: Report) -> dict[str, Any]:
    """Return what is told of an environment that is not healthy. Pure.

    Servers and checks are named as the settings name them. Causes are not told: they may quote what
    servers said.
    """
    bad = {place: _bad_checks(told) for place, told in report.hosts.items()}
    servers = [place for place in report.hosts if place != _OUTSIDE]
    named = (f"{place}: {', '.join(checks)}" for place, checks in bad.items() if checks)
    return {
        "message": report.message,
        "next_step": f"Run 'iactl verify {report.environment}'.",
        "health": "; ".join(named),
        **({"hosts_total": len(servers)} if servers else {}),
        **({"hosts_ok": sum(1 for one in servers if not bad[one])} if servers else {}),
    }


def _bad_checks(told: dict[str, Any]) -> list[str]:
    if told.get("problem"):
        return ["cannot be reached" if told.get("lost") else "gave no answer"]
    return [
        one["name"]
        for one in told.get("results", [])
        if not one["healthy"] and one["severity"] == "critical"
    ]


def _count(failed: list[str], lost: dict[str, str]) -> str:
    parts = []
    if failed:
        parts.append(f"{len(failed)} critical {'check' if len(failed) == 1 else 'checks'} failed")
    if lost:
        parts.append(f"{count_servers(len(lost))} cannot be reached")
    return ", ".join(parts)


def _good(report: Report, places: dict[str, dict[str, Any]], warnings: list[str]) -> str:
    count = sum(len(told["results"]) for told in places.values())
    passed = count - len(warnings)
    said = f", {len(warnings)} with a warning" if warnings else ""
    return f"{report.environment} is healthy: {passed} of {count} checks passed{said}."


def watch(
    look: Callable[[], Report],
    show: Callable[[Report], None],
    every: float,
    alert: Callable[[Report], None],
) -> Report:
    """Verify again and again until Ctrl-C, and return the last complete round.

    Args:
        look: verifies once.
        show: prints one round.
        every: seconds from one round's end to the next one's start.
        alert: called once when it turns bad, and again only after it was good in between.
    """
    last, rounds, bad = None, 0, False
    try:
        while True:
            report = look()
            if report.exit is Exit.CANCELLED:
                break
            last, rounds = report, rounds + 1
            show(report)
            if report.exit not in (Exit.DONE, Exit.NEEDS_HUMAN):
                return report
            if report.exit is Exit.NEEDS_HUMAN and not bad:
                alert(report)
            bad = report.exit is Exit.NEEDS_HUMAN
            time.sleep(every)
    except KeyboardInterrupt:
        pass
    if last is None:
        return Report("verify", "", Exit.CANCELLED, "Cancelled before the first round ended.")
    last.data["rounds"] = rounds
    return last
