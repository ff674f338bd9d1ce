"""A pull request from a fork passes without any secret."""

from __future__ import annotations

from collections.abc import Iterator

from ..events import EVERY, Event
from ..expressions import Closed, Scope, Status, condition
from ..graph import job_scope, started
from ..model import Job, Step, Workflow, Workflows, secrets


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    event = EVERY["pull request from a fork"]
    for workflow in workflows.values():
        for name, combinations in started(workflow, event).items():
            job = workflow.job(name)
            if job.calls or job.content.get("environment"):
                yield f"{workflow.name}: {name} starts for a fork"
            for combination in combinations:
                for step in steps(workflow, event, job, combination):
                    if secrets(step.content) or "github.token" in str(step.content):
                        yield f"{workflow.name}: {step} asks for a secret for a fork"


def steps(workflow: Workflow, event: Event, job: Job, combination: Closed) -> Iterator[Step]:
    """Yield the steps of a job that run when all goes well."""
    results = {
        need: Closed(result="success" if need in started(workflow, event) else "skipped")
        for need in job.needs
    }
    outer = job_scope(workflow, event, results, job)
    for step in job.steps:
        scope = Scope({**outer.contexts, "matrix": combination, "steps": {}})
        if condition(step.content.get("if"), scope, Status()):
            yield step
