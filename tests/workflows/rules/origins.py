"""What another run left is used only when that run was looked at: whose code, on which branch.

An artifact is found by its name, and anybody's pull request can leave one of any name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..expressions import Closed, ExpressionError, Scope, fill
from ..model import Job, Step, Workflows

LOOKS = "$/.github/actions/earlier-run"
# A run of any other event may have the workflows of somebody's pull request.
EVENTS = {"push", "workflow_dispatch", "schedule"}
# Who may have left what is used in an environment; ci itself looks at staging, for main.
BRANCHES = {"staging": {"development", "main"}, "production": {"main"}}
# What is found by hand-made questions is not looked at.
_ASKS = re.compile(r"actions/(?:artifacts|runs)|gh run (?:download|list|view)")
_RUN = re.compile(r"\$\{\{ steps\.(\w+)\.outputs\.run( \|\| github\.run_id)? \}\}")


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    for workflow in workflows.values():
        for job in workflow.jobs:
            for step in job.steps:
                for what in _faults(job, step):
                    yield f"{workflow.name}: {step}: {what}"


def _faults(job: Job, step: Step) -> Iterator[str]:
    if _ASKS.search(step.run):
        yield "it looks for another run by itself"
    if step.action == "actions/download-artifact":
        yield from _download(job, step)
    if step.action == LOOKS:
        yield from _look(step)


def _download(job: Job, step: Step) -> Iterator[str]:
    if "repository" in step.inputs:
        yield "it takes what another repository left"
    if "run-id" not in step.inputs:
        return
    match = _RUN.fullmatch(str(step.inputs["run-id"]))
    looked = [
        one
        for one in job.steps
        if match and one.content.get("id") == match[1] and one.number < step.number
    ]
    if not looked or looked[0].action != LOOKS:
        yield f"nobody has looked at the run {step.inputs['run-id']}"
        return
    (look,) = looked
    # Left out only where nothing was typed, and then it is this run itself.
    wanted = "inputs.run" if match and match[2] else ""
    if str(look.content.get("if", "")) != wanted:
        yield f"the run is looked at under the condition {look.content.get('if')!r}"
    if wanted and look.inputs.get("run") != "${{ inputs.run }}":
        yield "another run is looked at than the one that was typed"


def _look(step: Step) -> Iterator[str]:
    events = set(str(step.inputs.get("events", "")).split())
    if not events or events - EVENTS:
        yield f"it takes a run of {', '.join(sorted(events - EVENTS)) or 'no event'}"
    by_environment = "inputs.environment" in str(step.inputs.get("branches"))
    for environment in BRANCHES if by_environment else ["staging"]:
        scope = Scope({"inputs": Closed(environment=environment)})
        try:
            branches = set(str(fill(step.inputs.get("branches", ""), scope)).split())
        except ExpressionError as error:
            yield str(error)
            continue
        if not branches or branches - BRANCHES[environment]:
            yield f"for {environment} it takes a run on {', '.join(sorted(branches)) or 'nothing'}"
    if "deployed-" in str(step.inputs.get("artifact")) and not by_environment:
        yield "one branch for all environments"
