"""Every job ends by itself."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Workflows

LONGEST = 60  # minutes


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    for workflow in workflows.values():
        for job in workflow.jobs:
            minutes = job.content.get("timeout-minutes")
            if not job.calls and not (isinstance(minutes, int) and 0 < minutes <= LONGEST):
                yield f"{workflow.name}: {job.name} has no timeout-minutes up to {LONGEST}"
