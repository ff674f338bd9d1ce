"""A workflow starts with no right at all; each job takes what it needs, and says why."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import Workflow, Workflows

# Reading needs no argument of its own; every right to write stands here.
WRITES = {
    ("ci.yml", "codecov"): {"id-token"},
    ("ci.yml", "package"): {"packages"},
}
_RIGHT = re.compile(r"^ +(?P<right>[a-z-]+): (?:read|write)\b(?P<rest>.*)$", re.MULTILINE)


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    for workflow in workflows.values():
        if workflow.content.get("permissions") != {}:
            yield f"{workflow.name}: the top level is not 'permissions: {{}}'"
        yield from _jobs(workflow)
        for match in _RIGHT.finditer(workflow.text):
            if not re.fullmatch(r" # \S.{5,}", match["rest"]):
                yield f"{workflow.name}: the right {match['right']} has no reason beside it"


def _jobs(workflow: Workflow) -> Iterator[str]:
    for job in workflow.jobs:
        rights = job.content.get("permissions")
        if not isinstance(rights, dict):
            yield f"{workflow.name}: {job.name} does not name its rights"
            continue
        writes = {right for right, level in rights.items() if level != "read"}
        surplus = writes - WRITES.get((workflow.name, job.name), set())
        if surplus:
            yield f"{workflow.name}: {job.name} may write {', '.join(sorted(surplus))}"
