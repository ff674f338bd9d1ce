"""Built once, scanned, pushed, deployed: the same digest all the way."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..events import EVERY
from ..graph import GraphError, ordered, started
from ..model import Job, Workflow, Workflows

SCANS = {"security-scan", "lint", "test", "docker-build"}
DEPLOYS = {"deploy-staging": "staging", "deploy-production": "production"}
# The runner's own folder, outside of the checkout: in an action's input, and in a line.
_TEMP, _RUNNER_TEMP = "${{ runner.temp }}/", "${RUNNER_TEMP:-/tmp}/"
_PATHS = re.compile(r'(?:--output "?|\b(?:src|dest)=)([^\s",]+)')


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    builds = [
        f"{workflow.name}: {step}"
        for workflow in workflows.values()
        for step in workflow.steps
        if "iactl image build" in step.run or step.action == "docker/build-push-action"
    ]
    if len(builds) != 1:
        yield f"an image is built in {len(builds)} places: {builds}"
    pipeline = workflows["ci.yml"]
    try:
        ordered(pipeline)
    except GraphError as error:
        yield f"ci.yml: {error}"
        return
    yield from _pushes(pipeline)
    yield from _context(pipeline.job("docker-build"))
    for name, environment in DEPLOYS.items():
        yield from _deploys(pipeline, name, environment)
    yield from _branches(pipeline)


def _pushes(pipeline: Workflow) -> Iterator[str]:
    lacking = SCANS - set(pipeline.job("package").needs)
    if lacking:
        yield f"ci.yml: package does not wait for {', '.join(sorted(lacking))}"
    lines = [step.run for step in pipeline.job("docker-build").steps]
    build, scan = (_place(lines, f"iactl image {verb}") for verb in ("build", "scan"))
    if not 0 <= build < scan:
        yield "ci.yml: docker-build does not scan what it built"
    for job in pipeline.jobs:
        if job.name != "package" and any("iactl image push" in step.run for step in job.steps):
            yield f"ci.yml: {job.name} pushes an image"


def _context(job: Job) -> Iterator[str]:
    """An application may copy all of the checkout: what the pipeline keeps lies elsewhere."""
    for step in job.steps:
        if step.action == "actions/cache":
            if not str(step.inputs.get("path", "")).startswith(_TEMP):
                yield f"ci.yml: {step} puts the cache where the build sees it"
        elif step.run.startswith("iactl image build"):
            for path in _PATHS.findall(step.run):
                if not path.startswith(_RUNNER_TEMP):
                    yield f"ci.yml: the build works with {path}, which it sees"
            break


def _deploys(pipeline: Workflow, name: str, environment: str) -> Iterator[str]:
    job = pipeline.job(name)
    if not _behind(pipeline, job, "package"):
        yield f"ci.yml: {name} does not wait for package"
    given = job.content.get("with", {})
    if given.get("environment") != environment:
        yield f"ci.yml: {name} deploys to {given.get('environment')}"
    if "run" in given:
        yield f"ci.yml: {name} deploys what another run has packed"


def _branches(pipeline: Workflow) -> Iterator[str]:
    for what, event in EVERY.items():
        wanted = {
            "push to development": {"deploy-staging"},
            "push to main": {"deploy-production"},
        }.get(what, set())
        found = set(started(pipeline, event)) & set(DEPLOYS)
        if found != wanted:
            yield f"ci.yml: {what} starts {sorted(found)}"


def _behind(pipeline: Workflow, job: Job, other: str) -> bool:
    return other in job.needs or any(
        _behind(pipeline, pipeline.job(need), other) for need in job.needs
    )


def _place(lines: list[str], start: str) -> int:
    return next((place for place, line in enumerate(lines) if line.startswith(start)), -1)
