"""The weekly scan covers main and development, and tells what it found."""

from __future__ import annotations

from collections.abc import Iterator

from ..events import EVERY
from ..graph import started
from ..model import Workflows

BRANCHES = ["main", "development"]


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    pipeline = workflows["ci.yml"]
    crons = [one["cron"] for one in pipeline.triggers.get("schedule", [])]
    if crons != ["0 2 * * 1"]:
        yield f"ci.yml: it runs at {crons}, not on Mondays at 02:00 UTC"
    event = EVERY["schedule"]
    jobs = started(pipeline, event) if "schedule" in pipeline.triggers else {}
    for name in ("security-scan", "docker-build"):
        found = [one.get("branch") for one in jobs.get(name, [])]
        if found != BRANCHES:
            yield f"ci.yml: the weekly {name} covers {found}"
        checkouts = [it for it in pipeline.job(name).steps if it.action == "actions/checkout"]
        if any(it.inputs.get("ref") != "${{ matrix.branch }}" for it in checkouts):
            yield f"ci.yml: the weekly {name} looks at one branch only"
    told = [step for step in pipeline.job("weekly-report").steps if "iactl notify" in step.run]
    if "weekly-report" not in jobs or not told:
        yield "ci.yml: nobody hears of the weekly scan"
    condition = str(pipeline.job("weekly-report").content.get("if", ""))
    if "!cancelled()" not in condition:
        yield "ci.yml: nobody hears of a weekly scan that failed"
