"""From a playbook run's result to an exit code and a sentence. Pure."""

from __future__ import annotations

from typing import Any

from .exits import Exit
from .reachability import explained
from .release_text import (
    LOG_LINES,
    changes,
    explain_failure,
    failure_message,
    left_behind,
    next_step,
    repaired,
    serving_before,
    taken_over,
    truth,
    wanted,
    warnings,
    weaker,
)
from .report import Report, count_servers
from .runner.result import Result
from .schema_view import is_past_return, schema_lines, stuck_schema
from .setup_outcome import judge_setup

# Phases after which every failed release is either brought back or kept, by a phase of its own.
_MOVED = ("switch", "handover", "bake")


def judge_release(report: Report, result: Result) -> Report:
    """Fill in what a deploy or rollback came to."""
    verdicts = result.verdicts
    if not verdicts:
        return judge_setup(report, result)
    last = verdicts[-1]
    failed = next((one for one in verdicts if not one["ok"]), None)
    report.data["phases"] = [_phase_row(one) for one in verdicts]
    report.hosts = _hosts(verdicts)
    if failed is None or last["exit_code"] == Exit.DONE:
        if failed is None and not _complete(verdicts):
            return _broke_off(report, result)
        _succeeded(report, verdicts, failed)
        if result.facts.get("release_unverified"):
            told = f"The checks after a deploy did not run: iactl verify {report.environment}"
            report.details.append(told)
        if failed is None and result.rc != 0:
            _cut_short(report, result)
        return report
    if (failed is last and last["phase"] in _MOVED or last["live"]) and not last["fenced"]:
        return _broke_off(report, result)  # nobody brought the servers back, or all of them on
    report.exit = Exit(last["exit_code"])
    explain_failure(report, failed)
    if failed["phase"] != "migrate":
        report.details += stuck_schema(verdicts)
    report.details += left_behind(verdicts)
    if report.exit is Exit.NEEDS_HUMAN and last["phase"] in ("abort", "commit"):
        report.details += truth(verdicts, wanted(report, verdicts))
    report.details += taken_over(verdicts[0])
    report.message = failure_message(report, verdicts, failed)
    report.next_step = next_step(report, verdicts)
    return report


def judge_cancelled(report: Report, run: Result, finish: Result | None) -> Report:
    """Fill in what a cancelled deploy or rollback came to.

    Args:
        run: the cancelled run.
        finish: the run that ended the release, or None when nothing had been touched.
    """
    report.exit = Exit.CANCELLED
    report.message = "Cancelled before anything was touched."
    if finish is None:
        return report
    if run.hurried or (finish.cancelled and not finish.verdicts):
        return _stopped_at_once(report, run)
    ended: dict[str, Any] = {"ok": False, "failed": run.hosts, "phase": "abort"}
    if finish.verdicts:
        ended = finish.verdicts[-1]
    if ended.get("fenced"):
        report.exit = Exit.LOCKED
        report.message = "Cancelled; another run has taken over and decides what is served."
    elif ended["phase"] == "commit":
        _judge_forward(report, run, finish)
    elif not ended["ok"]:
        report.exit, report.next_step = Exit.NEEDS_HUMAN, _again(report)
        report.message = f"Cancelled, but {', '.join(ended['failed'])} could not be cleaned up."
        report.details = _told(ended)
    elif ended["phase"] != "abort" or ended["live"] or finish.rc != 0:
        report.exit, report.next_step = Exit.NEEDS_HUMAN, _again(report)
        report.message = f"Cancelled, but what was to end it broke off after {ended['phase']}."
    else:
        report.message = "Cancelled; every server serves what it served before."
        report.details += stuck_schema(run.verdicts, begun="migrate" in run.begun)
    return report


def _judge_forward(report: Report, run: Result, finish: Result) -> None:
    """Fill in what came of a cancel that had to go on."""
    name = wanted(report, run.verdicts)
    committed = finish.verdicts[-1]
    badly = [one["message"] for one in run.verdicts if not one["ok"]]
    idle = [
        one["message"] for one in finish.verdicts if one["phase"] == "handover" and not one["ok"]
    ]
    report.message = f"Too late to cancel: {name} serves on every server."
    if committed["ok"] and not badly and not idle:
        report.exit = Exit.DONE
        return
    report.exit = Exit.NEEDS_HUMAN
    report.next_step = _again(report)
    report.details = badly + idle
    if not committed["ok"]:
        away = ", ".join(committed["failed"])
        report.message = f"Too late to cancel, but {away} could not be brought to {name}."
        report.details += _told(committed)
    elif idle:
        report.message = (
            f"Too late to cancel: {name} serves on every server, but not all of its processes run."
        )
    else:
        report.message = (
            f"Too late to cancel: {name} stays on every server, although it does badly."
        )


def _again(report: Report) -> str:
    return f"Run 'iactl status {report.environment}', then deploy again."


def _told(verdict: dict[str, Any]) -> list[str]:
    """Return what each failed server of a verdict said."""
    answers = verdict.get("hosts", {})
    return [f"{host}: {_in_words(answers[host])}" for host in verdict["failed"] if host in answers]


def _in_words(answer: dict[str, Any]) -> str:
    said = str(answer.get("msg", ""))
    return explained(said) if answer.get("cause") == "lost" else said


def _stopped_at_once(report: Report, run: Result) -> Report:
    """A second signal ended the release, or what was to bring the servers back."""
    hosts = ", ".join(sorted(run.verdicts[0]["hosts"]))
    report.exit = Exit.NEEDS_HUMAN
    report.message = (
        f"Stopped at once, in the middle of {run.begun[-1]}; nobody cleaned up. What is begun of"
        f" {wanted(report, run.verdicts)} is left on {hosts}."
    )
    report.next_step = (
        f"Run 'iactl status {report.environment}', then deploy again; it repairs what was begun."
    )
    return report


def is_live(run: Result) -> bool:
    """Whether the release is not undone any more: it was being committed, or users may have met
    one whose migration was destructive."""
    known = reached(run)
    return "commit" in known or is_past_return(run.verdicts, known)


def reached(run: Result) -> set[str]:
    """Return the phases that a run is known to have come to.

    Where a phase went badly, only those that a verdict tells of: the others' tasks are reached then
    and skipped.
    """
    judged = {one["phase"] for one in run.verdicts}
    return judged | {*run.begun} if all(one["ok"] for one in run.verdicts) else judged


def _complete(verdicts: list[dict[str, Any]]) -> bool:
    return bool(verdicts[0]["same"]) or verdicts[-1]["phase"] in ("commit", "verify")


def _broke_off(report: Report, result: Result) -> Report:
    """Ansible ended before the release did: it was killed, or failed between two phases."""
    last = result.verdicts[-1]["phase"]
    untouched = last == "plan"
    report.exit = Exit.FAILED if untouched else Exit.NEEDS_HUMAN
    traffic = "no request was moved" if untouched else "what the servers serve is not known"
    report.message = f"Ansible ended after {last} (its exit code was {result.rc}); {traffic}."
    report.details = sorted(set(result.failures.values())) or result.output[-LOG_LINES:]
    report.next_step = (
        f"Run 'iactl status {report.environment}', then deploy again; it repairs what was begun."
    )
    return report


def _cut_short(report: Report, result: Result) -> None:
    """The release is live, and Ansible was killed or failed before what follows that, such as its
    checks and the lock's end."""
    report.exit = Exit.NEEDS_HUMAN
    report.details += [
        f"Ansible ended after {result.verdicts[-1]['phase']} (its exit code was {result.rc}); what"
        " follows, such as the checks after a deploy, was left out.",
        *sorted(set(result.failures.values())),
    ]
    report.next_step = f"Run the checks: iactl verify {report.environment}"


def _succeeded(
    report: Report, verdicts: list[dict[str, Any]], failed: dict[str, Any] | None
) -> None:
    plan = verdicts[0]
    report.exit = Exit.DONE
    name = wanted(report, verdicts)
    count = len(plan["hosts"])
    if plan["same"]:
        report.message = f"{report.environment} is already at {name} on {count_servers(count)}."
        return
    if report.data.get("check"):
        report.message = f"{report.environment} would serve {name} on {count_servers(count)}."
        report.details = changes(plan) + schema_lines(verdicts)
        return
    report.message = f"{report.environment} now serves {name} on {count_servers(count)}."
    before = serving_before(plan)
    if report.command == "deploy" and before:
        report.next_step = f"To go back: iactl rollback {report.environment}"
    report.details = [
        *taken_over(plan),
        *repaired(verdicts),
        *schema_lines(verdicts),
        *weaker(verdicts),
        *warnings(verdicts[-1]),
    ]
    if failed is not None:
        report.details += [_all_the_same(failed), *(f"  {line}" for line in _told(failed))]


def _all_the_same(failed: dict[str, Any]) -> str:
    """Say what a failure means for a release that is live all the same."""
    if failed["phase"] == "commit":
        return "The release is live, but cleaning up behind it failed:"
    return "The release was live already when this was met, and what was to follow was left out:"


def _hosts(verdicts: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return each server's results, phase by phase."""
    hosts: dict[str, dict[str, Any]] = {}
    for verdict in verdicts:
        for host, answer in verdict["hosts"].items():
            hosts.setdefault(host, {})[verdict["phase"]] = answer
    return hosts


def _phase_row(verdict: dict[str, Any]) -> dict[str, Any]:
    return {key: verdict[key] for key in ("phase", "ok", "failed", "lost", "exit_code", "message")}
