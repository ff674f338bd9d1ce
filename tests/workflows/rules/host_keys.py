"""A server's key is pinned; it is never asked for, and never taken unseen."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import Workflows

_TRUSTING = re.compile(
    r"ssh-keyscan|StrictHostKeyChecking[= ](?!yes)|host_key_checking[= ]*(?:false|no|0)",
    re.IGNORECASE,
)


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    for workflow in workflows.values():
        for match in _TRUSTING.finditer(workflow.text):
            yield f"{workflow.name}: {match.group()} takes a server's key unseen"
        for job in workflow.jobs:
            lines = " ".join(step.run for step in job.steps)
            if "iactl ci prepare" in lines and "SSH_KNOWN_HOSTS" not in workflow.text:
                yield f"{workflow.name}: {job.name} deploys without SSH_KNOWN_HOSTS"
