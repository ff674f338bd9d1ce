"""The weekly scan is alive: it ran not long ago, and looked at something. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from ...gates.store import GATES, parse
from ...gates.verdict import Outcome, Verdict
from ..evidence import WEEKLY
from .common import Case, missing, too_old, verdict

RULE = "weekly"
# What it found is told to people then; what stops a release is found by the release's own gates.
_REQUIRED = ("bandit", "pip-audit")


def judge(documents: list[Any], case: Case) -> Verdict:
    """Judge the verdicts that the last weekly scan left."""
    if not documents:
        return missing(RULE, f"{WEEKLY}/{GATES}", "the weekly run of the workflow ci")
    verdicts = {name: one for document in documents for name, one in parse(document).items()}
    found = [line for name in _REQUIRED for line in _faults(name, verdicts.get(name), case)]
    return verdict(RULE, found, len(verdicts), "gates of the weekly scan")


def _faults(name: str, one: Verdict | None, case: Case) -> Iterator[str]:
    if one is None:
        yield f"the weekly scan has no verdict of {name}"
    elif one.verdict not in (Outcome.PASS, Outcome.FAIL):
        yield f"{name} came to {one.verdict.value} in the weekly scan: {one.reason.rstrip('.')}"
    elif not one.at:
        yield f"{name} does not say when it ran in the weekly scan"
    else:
        limit = timedelta(days=case.settings.weekly_days)
        yield from too_old(f"{name} of the weekly scan", one.at, limit, case.now)
