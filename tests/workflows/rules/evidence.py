"""What a job found is kept, above all when it failed; a file that is missing is an error."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Job, Workflows

# Jobs whose results say what is wrong, so that they are uploaded after a failure too.
JUDGES = {
    "ci.yml": ("security-scan", "lint", "test", "docker-build"),
    "deploy.yml": ("deploy",),
    "rollback.yml": ("rollback",),
}
_DAYS = 90  # the longest that GitHub keeps an artifact; docs/pipeline.md says where six years go


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    for workflow in workflows.values():
        for step in workflow.steps:
            if step.action == "actions/upload-artifact":
                if step.inputs.get("if-no-files-found") != "error":
                    yield f"{workflow.name}: {step} passes over a missing file"
                if not 0 < int(step.inputs.get("retention-days", 0)) <= _DAYS:
                    yield f"{workflow.name}: {step} does not say how long it is kept"
    for name, jobs in JUDGES.items():
        for job in jobs:
            if not any(_kept_after_failure(workflows[name].job(job))):
                yield f"{name}: what {job} found is lost when it fails"


def _kept_after_failure(job: Job) -> Iterator[bool]:
    for step in job.steps:
        condition = str(step.content.get("if", ""))
        if step.action == "actions/upload-artifact":
            yield "!cancelled()" in condition or "always()" in condition
