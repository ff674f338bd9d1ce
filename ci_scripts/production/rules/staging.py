"""The release runs in staging, on every server, healthy, for long enough. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from ...gates.verdict import Verdict
from ..evidence import HISTORY, STATUS
from .common import Case, missing, moment, too_old, verdict

RULE = "staging"
_CHANGES = ("deploy", "rollback")


def judge(history: Any, status: Any, case: Case) -> Verdict:
    """Judge what ``iactl history staging --json`` and ``iactl status staging --json`` said."""
    if history is None:
        return missing(RULE, HISTORY, "iactl history staging --json")
    if status is None:
        return missing(RULE, STATUS, "iactl status staging --json")
    hosts: dict[str, Any] = status["hosts"]
    found = [*_status_faults(status, hosts, case), *_history_faults(history, status, hosts, case)]
    return verdict(RULE, found, len(hosts), "servers of staging")


def _status_faults(status: Any, hosts: dict[str, Any], case: Case) -> Iterator[str]:
    limit = timedelta(minutes=case.settings.staging_age_minutes)
    yield from too_old("the look at staging", status["at"], limit, case.now)
    if status["environment"] != "staging":
        yield f"the status is of {status['environment']!r}, not of staging"
    if status["exit_code"] != 0:
        yield f"staging is not well: {status['message']}"
    for name, host in hosts.items():
        if host["digest"] != case.release.digest:
            yield f"{name} runs {host['digest'] or 'nothing'}, not {case.release.digest}"
        elif host["state"] != "running":
            yield f"{name} is {host['state']}"


def _history_faults(history: Any, status: Any, hosts: dict[str, Any], case: Case) -> Iterator[str]:
    if history["exit_code"] != 0 or history["environment"] != "staging":
        yield "the history is not one of staging"
        return
    # Newest first; what was refused or brought back changed nothing.
    live = [
        row
        for row in history["data"]["history"]
        if row.get("action") in _CHANGES and row.get("outcome") == "live"
    ]
    if not live or live[0].get("digest") != case.release.digest:
        yield f"the last release that went live in staging is not {case.release.digest}"
        return
    if set(live[0].get("hosts", [])) != set(hosts):
        yield "the release did not go live on all servers of staging together"
    ran = moment(status["at"]) - moment(live[0]["at"])
    least = timedelta(minutes=case.settings.staging_minutes)
    if ran < least:
        minutes = max(0, int(ran.total_seconds() // 60))
        yield f"the release ran {minutes} minutes in staging, less than {least}"
