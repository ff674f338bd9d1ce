"""A secret is seen by one step of a job with an environment, and by no scanner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..model import Job, Workflow, Workflows, secrets

# These run a change's own code, or a scanner's.
NO_TOKEN = ("security-scan", "lint", "test", "codecov", "docker-build", "summary")
# A called job gets its environment's secrets only by inheritance (actions/runner#1490).
MAY_INHERIT = {"$/.github/workflows/deploy.yml", "$/.github/workflows/rollback.yml"}


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    for workflow in workflows.values():
        if secrets(workflow.content.get("env", {})):
            yield f"{workflow.name}: every job sees a secret"
        for job in workflow.jobs:
            for what in [*_job(job), *_inherited(job)]:
                yield f"{workflow.name}: {job.name}: {what}"
    yield from _scanners(workflows["ci.yml"])


def _job(job: Job) -> Iterator[str]:
    outside = {key: it for key, it in job.content.items() if key not in ("steps", "secrets")}
    if secrets(outside):
        yield "every step sees a secret"
    counted: Counter[str] = Counter()
    for step in job.steps:
        rest = {key: it for key, it in step.content.items() if key != "env"}
        if secrets(rest):
            yield f"{step} has a secret elsewhere than in its environment"
        counted.update(secrets(step.env))
    if counted and not job.content.get("environment"):
        yield f"{', '.join(counted)} without an environment"
    for name, times in counted.items():
        if times > 1:
            yield f"{name} is seen by {times} steps"


def _inherited(job: Job) -> Iterator[str]:
    if job.content.get("secrets") == "inherit" and job.calls not in MAY_INHERIT:
        yield f"all secrets go to {job.calls}"


def _scanners(workflow: Workflow) -> Iterator[str]:
    for name in NO_TOKEN:
        content = str(workflow.job(name).content)
        if "github.token" in content or "secrets." in content:
            yield f"{workflow.name}: {name} holds a token"
