"""A checkout leaves no credentials on disk."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Workflows


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    for workflow in workflows.values():
        for step in workflow.steps:
            if step.action == "actions/checkout":
                if step.inputs.get("persist-credentials") is not False:
                    yield f"{workflow.name}: {step} keeps its credentials"
