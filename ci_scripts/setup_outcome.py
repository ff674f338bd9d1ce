"""What a run came to that has no release in it, or that ended before its plan. Pure."""

from __future__ import annotations

import re

from .exits import Exit
from .reachability import explained
from .report import Report
from .runner.result import Result

# What a failed task means where no release is involved; elsewhere it is a setting that is wrong.
_SETUP_FAILURES = {
    "bootstrap": Exit.FAILED,
    "status": Exit.REFUSED,
    "history": Exit.REFUSED,
    "unlock": Exit.REFUSED,
    "audit": Exit.REFUSED,
    "emergency-access": Exit.REFUSED,
}

# What became of the servers that can be reached, where something did.
_REST = {
    "bootstrap": "the others were prepared",
    "history": "this is what the others tell",
    "audit": "this is what the others tell",
}


def judge_setup(report: Report, result: Result) -> Report:
    """Fill in what a run came to that has no release in it (or ended before its plan)."""
    report.hosts = {host: {"ok": True} for host in result.hosts}
    if result.no_hosts or (result.rc == 0 and not result.hosts):
        report.exit = Exit.BAD_INPUT
        report.message = f"The inventory of '{report.environment}' has no server in group app."
        report.next_step = "Add the servers to hosts.yml under app."
        return report
    for host, said in {**result.failures, **result.unreachable}.items():
        report.hosts[host] = {"ok": False, "msg": said}
    if result.unreachable:
        report.exit = Exit.REFUSED
        explain_lost(report, result.unreachable)
    elif result.failures:
        report.exit = _SETUP_FAILURES.get(report.command, Exit.BAD_INPUT)
        told = sorted({_in_the_user_s_words(said) for said in result.failures.values()})
        report.message = told[0] if len(told) == 1 else "The servers failed for several reasons."
        if any("is undefined" in said for said in told):
            report.next_step = f"Set it in app.yml or vault.yml of '{report.environment}'."
        if len(told) > 1:
            report.details = [f"{host}: {said}" for host, said in sorted(result.failures.items())]
    elif result.rc != 0:
        report.exit = Exit.BAD_INPUT
        report.message = "Ansible could not read the inventory or its variables."
        report.details = result.output
        report.next_step = f"Check the files of the environment '{report.environment}'."
    return report


def explain_lost(report: Report, lost: dict[str, str]) -> None:
    """Say per server why it cannot be reached, and what to do."""
    for host, said in sorted(lost.items()):
        report.details.append(f"{host}: {explained(said)}")
    if not report.message:
        rest = _REST.get(report.command, "nothing was touched")
        report.message = f"{', '.join(sorted(lost))} cannot be reached; {rest}."


def _in_the_user_s_words(said: str) -> str:
    """Name the setting as app.yml does; the role's own variable takes its value from there."""
    return re.sub(r"\b(?:release|verify)_(?=[a-z_]+)", "app_", said)
