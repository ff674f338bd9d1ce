"""The jobs of a workflow: their order, their combinations, and which of them an event starts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from .events import Event
from .expressions import Closed, Scope, Status, condition, fill
from .model import Job, Workflow


class GraphError(Exception):
    """Jobs that wait for each other or for nobody."""


def ordered(workflow: Workflow) -> list[Job]:
    """Return the jobs so that each stands behind those that it needs; raises GraphError."""
    left = {job.name: job for job in workflow.jobs}
    found: list[Job] = []
    for job in left.values():
        for need in job.needs:
            if need not in left:
                raise GraphError(f"{job.name} needs {need}, and there is no such job")
    while left:
        done = {job.name for job in found}
        ready = [job for job in left.values() if set(job.needs) <= done]
        if not ready:
            raise GraphError(f"{', '.join(left)} wait for each other")
        found += ready
        left = {name: job for name, job in left.items() if job not in ready}
    return found


def critical_path(workflow: Workflow, seconds: Mapping[str, float]) -> list[str]:
    """Return the jobs whose times add up to the longest way through; others run beside them.

    A job without a time did not run, and its time is 0.
    """
    longest: dict[str, tuple[float, list[str]]] = {}
    for job in ordered(workflow):
        before = max((longest[need] for need in job.needs), default=(0.0, []))
        longest[job.name] = (before[0] + seconds.get(job.name, 0.0), [*before[1], job.name])
    path = max(longest.values(), default=(0.0, []))[1]
    return [name for name in path if name in seconds]


def combinations(job: Job, scope: Scope) -> list[Closed]:
    """Return the matrix' combinations, in its order; one that is empty for a job without."""
    matrix = fill(job.content.get("strategy", {}).get("matrix", {}), scope)
    unknown = {"include", "exclude"} & set(matrix)
    if unknown:
        raise GraphError(f"{job.name}: the harness does not know a matrix with {unknown}")
    values = itertools.product(*matrix.values())
    return [Closed(zip(matrix, one, strict=True)) for one in values]


def inputs_of(workflow: Workflow, event: Event, given: Mapping[str, Any] | None) -> Closed:
    """Return the context `inputs`; `given` is what a calling workflow passes, or None.

    Raises GraphError for one that is not declared, or missing.
    """
    if given is None and event.name != "workflow_dispatch":
        kinds = (workflow.triggers.get(kind, {}) for kind in ("workflow_call", "workflow_dispatch"))
        return Closed({name: "" for kind in kinds for name in kind.get("inputs", {})})
    kind = "workflow_dispatch" if given is None else "workflow_call"
    passed = event.inputs if given is None else given
    declared: Mapping[str, Any] = workflow.triggers.get(kind, {}).get("inputs", {})
    unknown = set(passed) - set(declared)
    if unknown:
        raise GraphError(f"{workflow.name} has no input {', '.join(sorted(unknown))}")
    others = workflow.triggers.get("workflow_call", {}).get("inputs", {})
    found = Closed({name: "" for name in others})
    for name, about in declared.items():
        if about.get("required") and name not in passed:
            raise GraphError(f"{workflow.name} wants the input {name}")
        found[name] = passed.get(name, about.get("default", ""))
        if "options" in about and found[name] not in about["options"]:
            raise GraphError(f"{workflow.name}: {name} is one of {', '.join(about['options'])}")
    return found


def job_scope(
    workflow: Workflow,
    event: Event,
    results: Mapping[str, Mapping[str, Any]],
    job: Job,
    given: Mapping[str, Any] | None = None,
) -> Scope:
    """Return what a job's own condition, matrix and name may look at."""
    needs = Closed({name: results[name] for name in job.needs})
    return Scope(
        {
            "github": event.context(job=job.name),
            "inputs": inputs_of(workflow, event, given),
            "needs": needs,
            "vars": {},
        }
    )


def started(
    workflow: Workflow, event: Event, given: Mapping[str, Any] | None = None
) -> dict[str, list[Closed]]:
    """Return the jobs that an event starts when all goes well, each with its combinations."""
    if given is None and not triggered(workflow, event):
        return {}
    results: dict[str, Closed] = {}
    found: dict[str, list[Closed]] = {}
    for job in ordered(workflow):
        scope = job_scope(workflow, event, results, job, given)
        runs = condition(job.content.get("if"), scope, status_of(workflow, job, results))
        if runs:
            found[job.name] = combinations(job, scope)
        outputs = Closed({name: "" for name in job.content.get("outputs", {})})
        if job.calls:
            outputs = Closed()
        results[job.name] = Closed(result="success" if runs else "skipped", outputs=outputs)
    return found


def status_of(workflow: Workflow, job: Job, results: Mapping[str, Mapping[str, Any]]) -> Status:
    """Return how it stands for a job before it starts.

    All jobs before it count, not only those that it needs itself: one that was left out makes
    success() false further down too (actions/runner#491).
    """
    before = {results[name]["result"] for name in _before(workflow, job)}
    return Status("failure" in before, "cancelled" in before, "skipped" in before)


def _before(workflow: Workflow, job: Job) -> set[str]:
    return {name for need in job.needs for name in (need, *_before(workflow, workflow.job(need)))}


def triggered(workflow: Workflow, event: Event) -> bool:
    """Whether the event is one of the workflow's, on one of its branches."""
    if event.name not in workflow.triggers:
        return False
    branches = workflow.triggers[event.name]
    wanted = branches.get("branches") if isinstance(branches, dict) else None
    branch = event.base_ref or event.ref.removeprefix("refs/heads/")
    return wanted is None or branch in wanted
