"""Somebody approved the release, and who it was is written down. Pure."""

from __future__ import annotations

import re
from typing import Any

from ...gates.verdict import Verdict
from ..evidence import APPROVAL
from .common import Case, missing, verdict

RULE = "approval"
_LOG_IN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+\[\]-]{0,79}")


def judge(document: Any, case: Case) -> Verdict:
    """Judge who approved it."""
    if document is None:
        how = "the reviewers of the environment production, or --approver NAME"
        return missing(RULE, APPROVAL, how)
    approver, found = str(document["approver"]), []
    if _LOG_IN.fullmatch(approver) is None:
        found.append("no approver is named")
    if document["environment"] != "production":
        found.append(f"the approval is for {document['environment']!r}, not for production")
    if document["digest"] != case.release.digest:
        found.append(f"the approval is for {document['digest']}, not for {case.release.digest}")
    return verdict(RULE, found, 1, "approvals", f"{approver}, by {document['how']}.")
