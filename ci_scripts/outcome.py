"""From a playbook run's result to an exit code and a sentence. Pure."""

from __future__ import annotations

from difflib import ndiff
from typing import Any

from .exits import Exit
from .report import Report, count_servers
from .runner.result import Result
from .schema_view import is_past_return, schema_lines, stayed, stuck_schema
from .setup_outcome import explain_lost, judge_setup

_LOG_LINES = 12
# Phases after which every failed release is either brought back or kept, by a phase of its own.
_MOVED = ("switch", "bake")


def judge_release(report: Report, result: Result) -> Report:
    """Fill in what a deploy or rollback came to."""
    verdicts = result.verdicts
    if not verdicts:
        return judge_setup(report, result)
    last = verdicts[-1]
    failed = next((one for one in verdicts if not one["ok"]), None)
    report.data["phases"] = [_phase_row(one) for one in verdicts]
    report.hosts = _hosts(verdicts)
    if failed is None or failed["exit_code"] == Exit.DONE:
        if failed is None and not _complete(verdicts):
            return _broke_off(report, result)
        _succeeded(report, verdicts, failed)
        return report
    if failed is last and last["phase"] in _MOVED:
        return _broke_off(report, result)  # nobody brought the servers back
    report.exit = Exit(last["exit_code"])
    _explain_failure(report, failed)
    if failed["phase"] != "migrate":
        report.details += stuck_schema(verdicts)
    report.message = _failure_message(report, verdicts, failed)
    if stayed(verdicts) and last["ok"]:
        report.next_step = "Deploy a repaired release; 'iactl restore' brings the data back."
    elif report.exit is Exit.NEEDS_HUMAN:
        report.next_step = (
            f"Run 'iactl status {report.environment}' and bring "
            f"{', '.join(last['failed'])} back by hand; then deploy again."
        )
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
    ended: dict[str, Any] = {"ok": False, "failed": run.hosts, "phase": "abort"}
    if finish.verdicts:
        ended = finish.verdicts[-1]
    if not ended["ok"]:
        report.exit = Exit.NEEDS_HUMAN
        report.message = f"Cancelled, but {', '.join(ended['failed'])} could not be cleaned up."
        report.details = [
            f"{host}: {ended['hosts'][host].get('msg', '')}"
            for host in ended["failed"]
            if host in ended.get("hosts", {})
        ]
        report.next_step = f"Run 'iactl status {report.environment}', then deploy again."
    elif ended["phase"] == "commit":
        report.exit = Exit.DONE
        report.message = (
            f"Too late to cancel: {_wanted(report, run.verdicts)} serves on every server."
        )
    else:
        report.message = "Cancelled; every server serves what it served before."
        report.details += stuck_schema(run.verdicts, begun="migrate" in run.begun)
    return report


def is_live(run: Result) -> bool:
    """Whether the release was being committed; from then on it is not undone."""
    if not all(one["ok"] for one in run.verdicts):
        return False
    return "commit" in run.begun or is_past_return(run.verdicts)


def _complete(verdicts: list[dict[str, Any]]) -> bool:
    return bool(verdicts[0]["same"]) or verdicts[-1]["phase"] == "commit"


def _broke_off(report: Report, result: Result) -> Report:
    """Ansible ended before the release did: it was killed, or failed between two phases."""
    last = result.verdicts[-1]["phase"]
    untouched = last == "plan"
    report.exit = Exit.FAILED if untouched else Exit.NEEDS_HUMAN
    traffic = "no request was moved" if untouched else "what the servers serve is not known"
    report.message = f"Ansible ended after {last} (its exit code was {result.rc}); {traffic}."
    report.details = sorted(set(result.failures.values())) or result.output[-_LOG_LINES:]
    report.next_step = (
        f"Run 'iactl status {report.environment}', then deploy again; it repairs what was begun."
    )
    return report


def _succeeded(
    report: Report, verdicts: list[dict[str, Any]], commit: dict[str, Any] | None
) -> None:
    plan = verdicts[0]
    report.exit = Exit.DONE
    name = _wanted(report, verdicts)
    count = len(plan["hosts"])
    if plan["same"]:
        report.message = f"{report.environment} is already at {name} on {count_servers(count)}."
        return
    if report.data.get("check"):
        report.message = f"{report.environment} would serve {name} on {count_servers(count)}."
        report.details = _changes(plan) + schema_lines(verdicts)
        return
    report.message = f"{report.environment} now serves {name} on {count_servers(count)}."
    before = _serving_before(plan)
    if report.command == "deploy" and before:
        report.next_step = f"To go back: iactl rollback {report.environment}"
    report.details = schema_lines(verdicts) + _weaker(verdicts)
    if commit is not None:
        report.details += [
            "The release is live, but cleaning up behind it failed:",
            *(f"  {host}: {commit['hosts'][host].get('msg', '')}" for host in commit["failed"]),
        ]


def _changes(plan: dict[str, Any]) -> list[str]:
    """Show what would change, server by server where they differ; no values."""
    lines: list[str] = []
    for host, answer in plan["hosts"].items():
        diff = answer.get("diff") or {}
        before, after = (diff.get(side, "").splitlines() for side in ("before", "after"))
        rows = [row for row in ndiff(before, after) if row[0] in "+-"]
        lines += [f"{host}: {row}" for row in rows]
    return lines


def _weaker(verdicts: list[dict[str, Any]]) -> list[str]:
    """Name what could not be checked of the health or in the bake, once for the fleet."""
    notes = {
        f"Weaker than it could be: {note}."
        for verdict in verdicts
        for answer in verdict["hosts"].values()
        for note in ((answer.get("health") or {}).get("note"), answer.get("remark"))
        if note
    }
    return sorted(notes)


def _failure_message(report: Report, verdicts: list[dict[str, Any]], failed: dict[str, Any]) -> str:
    servers = count_servers(len(failed["hosts"]))
    what = f"{failed['phase']} failed on {len(failed['failed'])} of {servers}"
    if stayed(verdicts) and verdicts[-1]["ok"]:
        return f"{what}, but {_wanted(report, verdicts)} stays: its migration was destructive."
    if report.exit is Exit.NEEDS_HUMAN:
        return f"{what}, and not every server is where it should be."
    before = _serving_before(verdicts[0])
    kept = f"every server serves {before} as before" if before else "nothing was deployed before"
    if failed["phase"] == "plan":
        return f"Refused before anything was touched: {what}."
    if report.exit is Exit.REFUSED:
        return f"Refused: {what}; {kept}."
    return f"{_wanted(report, verdicts)} did not get through: {what}; {kept}."


def _explain_failure(report: Report, failed: dict[str, Any]) -> None:
    """Say per server why the phase failed, and the first container's last log lines."""
    lost = {host: failed["hosts"][host].get("msg", "") for host in failed["lost"]}
    if lost:
        explain_lost(report, lost)
    elif failed["message"] and not any(
        failed["hosts"][host].get("msg") for host in failed["failed"]
    ):
        report.details.append(failed["message"])
    shown = False
    for host in failed["failed"]:
        answer = failed["hosts"][host]
        if host not in lost and answer.get("msg"):
            report.details.append(f"{host}: {answer['msg']}")
        log = (answer.get("evidence") or {}).get("log") or []
        if log and not shown:
            report.details += [f"  last log lines of the container on {host}:"]
            report.details += [f"  | {line}" for line in log[-_LOG_LINES:]]
            shown = True


def _hosts(verdicts: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return each server's results, phase by phase."""
    hosts: dict[str, dict[str, Any]] = {}
    for verdict in verdicts:
        for host, answer in verdict["hosts"].items():
            hosts.setdefault(host, {})[verdict["phase"]] = answer
    return hosts


def _phase_row(verdict: dict[str, Any]) -> dict[str, Any]:
    return {key: verdict[key] for key in ("phase", "ok", "failed", "lost", "exit_code", "message")}


def _wanted(report: Report, verdicts: list[dict[str, Any]]) -> str:
    """Name the release that was asked for, as well as the phases got to know it."""
    plan = verdicts[0]
    for verdict in reversed(verdicts):
        for answer in verdict["hosts"].values():
            release = answer.get("release") or answer.get("target")
            if release:
                return f"{release['version']} (release {release['id']})"
    if plan["same"]:
        return _serving_before(plan)
    return str(report.data.get("image") or "the release")


def _serving_before(plan: dict[str, Any]) -> str:
    versions = {
        (answer.get("serving") or {}).get("version", "") for answer in plan["hosts"].values()
    }
    return " or ".join(sorted(version for version in versions if version))
