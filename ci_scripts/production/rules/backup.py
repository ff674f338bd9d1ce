"""Production's database was backed up just now, and the backup was restored to prove it. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ...gates.verdict import Verdict
from ..evidence import BACKUP
from .common import Case, missing, moment, too_old, verdict

RULE = "backup"


def judge(report: Any, case: Case) -> Verdict:
    """Judge what ``iactl backup production --json`` said."""
    if case.settings.backup_hours == 0:
        return verdict(RULE, [], 1, "limits", "backup_hours is 0: there is no database.")
    if report is None:
        return missing(RULE, BACKUP, "iactl backup production --json")
    if report["exit_code"] != 0 or "backup" not in report["data"]:
        return verdict(RULE, [f"no backup was made: {report['message']}"], 1, "backups")
    made = report["data"]["backup"]
    limit = timedelta(hours=case.settings.backup_hours)
    found = too_old("the backup", made["at"], limit, case.now)
    if report["environment"] != "production":
        found.append(f"the backup is of {report['environment']!r}, not of production")
    if not made.get("proved_at") or moment(made["proved_at"]) < moment(made["at"]):
        found.append(f"backup {made['name']} was never restored to prove it")
    elif made["bytes"] <= 0:
        found.append(f"backup {made['name']} is empty")
    return verdict(RULE, found, 1, "backups", f"Backup {made['name']}.")
