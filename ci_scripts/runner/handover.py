"""Handing the notification's keys and facts to Ansible without showing them.

Ansible's environment is written to disk by ansible-runner, extra variables are templates to
Ansible and stand in plain text beside it. So keys and foreign text go into one file that only this
user can read, in the private folder of the run, and vanish with it; Ansible gets its path.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .private import write_private

EVENT = "notify_told_by_iactl"
_PLAYBOOKS = frozenset(("deploy", "rollback", "notify"))
_NAMES = (
    "SLACK_WEBHOOK_URL",
    "SLACK_BOT_TOKEN",
    "SENDGRID_API_KEY",
    "NOTIFICATION_EMAIL",
    "GITHUB_SERVER_URL",
    "GITHUB_REPOSITORY",
    "GITHUB_RUN_ID",
    "GITHUB_SHA",
)
_MAX_EVENT_FILE = 4 << 20


def hand_over(
    playbook: str, variables: dict[str, Any], environ: Mapping[str, str], folder: Path
) -> dict[str, Any]:
    """Write what notifications need and return the variables with the file's path among them.

    Args:
        playbook: the playbook's name; one that tells nobody anything gets nothing.
        variables: extra variables; the facts of an event may be among them, under ``EVENT``.
        environ: the environment of iactl.
        folder: the private folder of the run.
    """
    passed = {name: value for name, value in variables.items() if name != EVENT}
    if playbook not in _PLAYBOOKS:
        return passed
    told = {
        "environment": {name: environ[name] for name in _NAMES if environ.get(name)},
        "event": {**_known(environ), **variables.get(EVENT, {})},
    }
    path = folder / "notification.json"
    write_private(path, json.dumps(told))
    return {**passed, "__notify_handover": str(path)}


def _known(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the facts that CI has: who approved, and the commit's message."""
    found = {
        "approver": environ.get("IADEPLOY_APPROVER", ""),
        "commit_message": _commit_message(environ.get("GITHUB_EVENT_PATH", "")),
    }
    return {name: value for name, value in found.items() if value}


def _commit_message(path: str) -> str:
    """Return the message in GitHub's file about the event, or nothing when there is none."""
    try:
        if not path or os.path.getsize(path) > _MAX_EVENT_FILE:
            return ""
        commit = json.loads(Path(path).read_text(encoding="utf-8"))["head_commit"]
        return str(commit["message"])[:1000]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
