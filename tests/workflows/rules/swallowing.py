"""No failure is swallowed: a step that fails is a job that fails."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import Workflows

# An outage at Codecov fails nothing; the gate on coverage is local.
ALLOWED = {("ci.yml", "codecov")}
_SWALLOWS = re.compile(r"\|\|\s*(?:true|:|exit 0|echo)\b|\|\|\s*:|;\s*(?:true|exit 0)\s*$|set \+e")


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    for workflow in workflows.values():
        for job in workflow.jobs:
            allowed = (workflow.name, job.name) in ALLOWED
            if not allowed and job.content.get("continue-on-error"):
                yield f"{workflow.name}: {job.name} goes on after an error"
            for step in job.steps:
                if not allowed and step.content.get("continue-on-error"):
                    yield f"{workflow.name}: {step} goes on after an error"
                if _SWALLOWS.search(step.run):
                    yield f"{workflow.name}: {step} swallows a failure"
