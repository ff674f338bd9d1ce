"""What the verdicts of a release say to people, sentence by sentence. Pure."""

from __future__ import annotations

from difflib import ndiff
from typing import Any

from .exits import Exit
from .report import Report, count_servers
from .schema_view import stayed
from .setup_outcome import explain_lost

LOG_LINES = 12


def next_step(report: Report, verdicts: list[dict[str, Any]]) -> str:
    """Say what to do now, or nothing."""
    last = verdicts[-1]
    if stayed(verdicts) and last["ok"]:
        return "Deploy a repaired release; 'iactl restore' brings the data back."
    if last["phase"] == "verify":
        return (
            f"'iactl verify {report.environment}' runs the checks again;"
            f" to go back: iactl rollback {report.environment}"
        )
    if _is_stuck(verdicts):
        return "Choose another release with --to, see 'iactl history', or deploy a repaired one."
    if report.exit is Exit.NEEDS_HUMAN:
        return (
            f"Run 'iactl status {report.environment}' and bring "
            f"{', '.join(last['failed'])} back by hand; then deploy again."
        )
    if report.exit is Exit.LOCKED and not last["fenced"]:
        return (
            f"If nobody is deploying, let the lock run out, or: iactl unlock {report.environment}"
        )
    return report.next_step


def failure_message(report: Report, verdicts: list[dict[str, Any]], failed: dict[str, Any]) -> str:
    """Say in one sentence what failed and what users meet."""
    servers = count_servers(len(failed["hosts"]))
    what = f"{failed['phase']} failed on {len(failed['failed'])} of {servers}"
    if failed["phase"] == "verify":
        live = f"{report.environment} now serves {wanted(report, verdicts)}"
        return f"{live}, but it does not pass its checks."
    if stayed(verdicts) and verdicts[-1]["ok"]:
        return f"{what}, but {wanted(report, verdicts)} stays: its migration was destructive."
    if _is_stuck(verdicts):
        before = serving_before(verdicts[0])
        return f"Going back did not work: {what}; every server serves {before} as before."
    if report.exit is Exit.NEEDS_HUMAN:
        return f"{what}, and not every server is where it should be."
    before = serving_before(verdicts[0])
    kept = f"every server serves {before} as before" if before else _unserved(verdicts[0])
    if report.exit is Exit.LOCKED and (failed["fenced"] or verdicts[-1]["fenced"]):
        return (
            f"This run has lost its lock to another one, which now decides what"
            f" {report.environment} serves."
        )
    if report.exit is Exit.LOCKED:
        return (
            f"Refused before anything was touched: {report.environment} is locked by another run."
        )
    if failed["phase"] == "plan":
        return f"Refused before anything was touched: {what}."
    if report.exit is Exit.REFUSED:
        return f"Refused: {what}; {kept}."
    return f"{wanted(report, verdicts)} did not get through: {what}; {kept}."


def _unserved(plan: dict[str, Any]) -> str:
    """Say why no server served anything when the release began."""
    pointed = [answer.get("points_at") for answer in plan["hosts"].values()]
    return (
        "the release before did not run either" if any(pointed) else "nothing was deployed before"
    )


def _is_stuck(verdicts: list[dict[str, Any]]) -> bool:
    """Whether a rollback's target did not work, and every server is back where it was."""
    last = verdicts[-1]
    unwell = any(
        answer["cause"] == "unhealthy"
        for one in verdicts
        if one["phase"] == "prepare"
        for answer in one["hosts"].values()
    )
    return bool(verdicts[0]["target"]) and unwell and last["phase"] == "abort" and last["ok"]


def explain_failure(report: Report, failed: dict[str, Any]) -> None:
    """Say per server why the phase failed, and the first container's last log lines."""
    if failed["phase"] == "verify":
        report.details = [*failed["details"], *warnings(failed)]
        return
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
            report.details += [f"  | {line}" for line in log[-LOG_LINES:]]
            shown = True
    report.details += _met_by_users(failed)


def left_behind(verdicts: list[dict[str, Any]]) -> list[str]:
    """Name the servers that could not be cleaned up after a release that moved nobody."""
    last = verdicts[-1]
    if last["phase"] != "abort" or last["ok"] or last["exit_code"] == Exit.NEEDS_HUMAN:
        return []
    return [
        f"{host}: a candidate without traffic may be left; the next deploy removes it."
        for host in last["failed"]
    ]


def _met_by_users(failed: dict[str, Any]) -> list[str]:
    """Say how many requests the release failed while it took traffic; nothing where it took none.

    A request that failed and went well on another try of the proxy is among them.
    """
    answers = list(failed["hosts"].values())
    counted = [one.get("traffic") or (one.get("evidence") or {}).get("traffic") for one in answers]
    requests = sum(one["requests"] for one in counted if one)
    errors = sum(one["errors"] for one in counted if one)
    if not requests:
        return []
    return [f"While it took traffic, {errors} of {requests} requests failed."]


def changes(plan: dict[str, Any]) -> list[str]:
    """Show what would change, server by server where they differ; no values."""
    lines: list[str] = []
    for host, answer in plan["hosts"].items():
        diff = answer.get("diff") or {}
        before, after = (diff.get(side, "").splitlines() for side in ("before", "after"))
        rows = [row for row in ndiff(before, after) if row[0] in "+-"]
        lines += [f"{host}: {row}" for row in rows]
    return lines


def warnings(last: dict[str, Any]) -> list[str]:
    """Name the checks that warned."""
    return [f"warning: {line}" for line in last.get("warnings", [])]


def taken_over(plan: dict[str, Any]) -> list[str]:
    """Tell of a lock that was taken over, and of what a run before had left unfinished."""
    run = (plan["lease"] or {}).get("taken_from")
    begun = [
        f"{host}: {one['step']} of release {one['release']} was begun at {one['at']} and had not"
        " ended."
        for host, answer in plan["hosts"].items()
        if (one := answer.get("interrupted"))
    ]
    return [*([f"The lock was taken over from run {run}, which had died."] if run else []), *begun]


def truth(verdicts: list[dict[str, Any]], name: str) -> list[str]:
    """Tell of each server what it serves, after a release that left the fleet in two minds.

    Args:
        name: the release that was asked for.
    """
    last = verdicts[-1]
    lines = []
    for host, answer in last["hosts"].items():
        before = verdicts[0]["hosts"].get(host, {}).get("serving") or {}
        served = name if last["phase"] == "commit" else before.get("version", "nothing")
        why = "it cannot be reached" if answer["cause"] == "lost" else answer.get("msg", "")
        lines.append(
            f"{host} serves {served}."
            if answer["ok"]
            else f"{host}: what it serves is not known; {why}"
        )
    return lines


def repaired(verdicts: list[dict[str, Any]]) -> list[str]:
    """Tell what a crash had left on the servers and was mended."""
    return [
        f"{host}: {line}."
        for verdict in verdicts
        for host, answer in verdict["hosts"].items()
        for line in answer.get("repaired") or []
    ]


def weaker(verdicts: list[dict[str, Any]]) -> list[str]:
    """Name what could not be checked of the health or in the bake, once for the fleet."""
    notes = {
        f"Weaker than it could be: {note}."
        for verdict in verdicts
        for answer in verdict["hosts"].values()
        for note in ((answer.get("health") or {}).get("note"), answer.get("remark"))
        if note
    }
    return sorted(notes)


def wanted(report: Report, verdicts: list[dict[str, Any]]) -> str:
    """Name the release that was asked for, as well as the phases got to know it."""
    plan = verdicts[0]
    for verdict in reversed(verdicts):
        for answer in verdict["hosts"].values():
            release = answer.get("release") or answer.get("target")
            if release:
                return f"{release['version']} (release {release['id']})"
    if plan["same"]:
        return serving_before(plan)
    return str(report.data.get("image") or "the release")


def serving_before(plan: dict[str, Any]) -> str:
    """Name the versions that served when the release began."""
    versions = {
        (answer.get("serving") or {}).get("version", "") for answer in plan["hosts"].values()
    }
    return " or ".join(sorted(version for version in versions if version))
