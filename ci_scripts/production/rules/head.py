"""The commit is the head of the branch that goes to production. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ...gates.verdict import Verdict
from ..evidence import HEAD
from .common import Case, missing, too_old, verdict

RULE = "head"


def judge(document: Any, case: Case) -> Verdict:
    """Judge what the repository named as the branch's head."""
    if document is None:
        return missing(RULE, HEAD, "asking the repository, which needs GH_TOKEN or a checkout")
    limit = timedelta(minutes=case.settings.head_minutes)
    found = too_old("the branch's head", document["at"], limit, case.now)
    if document["branch"] != case.settings.branch:
        found.append(f"the head is of {document['branch']!r}, not of {case.settings.branch!r}")
    if not case.release.is_of_a_commit:
        found.append(f"the image was built from {case.release.commit}, which is no commit")
    elif document["head"] != case.release.commit:
        found.append(f"the head is {document['head']}, the image is of {case.release.commit}")
    return verdict(RULE, found, 1, "branches")
