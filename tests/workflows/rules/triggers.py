"""Nothing runs a stranger's code with this repository's rights."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Workflows

REFUSED = {"pull_request_target", "workflow_run", "issue_comment", "issues", "discussion"}


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    for workflow in workflows.values():
        for event in sorted(REFUSED & set(workflow.triggers)):
            yield f"{workflow.name}: the event {event} runs with all rights for whoever causes it"
