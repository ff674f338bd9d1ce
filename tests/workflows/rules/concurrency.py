"""Only a pull request cancels its older run; an environment has one queue that drops nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..events import EVERY, Event
from ..expressions import Scope, fill
from ..graph import inputs_of
from ..model import Workflow, Workflows

QUEUED = {"deploy.yml": "deploy", "rollback.yml": "rollback"}


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    for workflow in workflows.values():
        if workflow.name not in QUEUED:
            yield from _cancels(workflow)
    queues = {}
    for name, job in QUEUED.items():
        queue = workflows[name].job(job).content.get("concurrency", {})
        queues[name] = queue.get("group", "")
        if "inputs.environment" not in queues[name]:
            yield f"{name}: the queue is not the environment's"
        if queue.get("cancel-in-progress") is not False:
            yield f"{name}: a newer run cancels one that is under way"
        if queue.get("queue") != "max":
            yield f"{name}: a run that waits is dropped for a newer one"
    if len(set(queues.values())) > 1:
        yield f"deploy and rollback have different queues: {queues}"


def _cancels(workflow: Workflow) -> Iterator[str]:
    for what, event in EVERY.items():
        if event.name not in workflow.triggers:
            continue
        queue = workflow.content.get("concurrency")
        if not isinstance(queue, dict):
            yield f"{workflow.name}: it has no concurrency"
            return
        wanted = event.name == "pull_request"
        if bool(_filled(workflow, event, queue.get("cancel-in-progress"))) is not wanted:
            yield f"{workflow.name}: {what}: {'nothing' if wanted else 'a run'} is cancelled"
        groups = {_filled(workflow, event, queue.get("group"), run) for run in (1, 2)}
        if (len(groups) == 1) is not wanted:
            yield f"{workflow.name}: {what}: runs {'do not' if wanted else ''} wait for each other"


def _filled(workflow: Workflow, event: Event, value: Any, run: int = 1) -> Any:
    contexts = {
        "github": event.context(run),
        "inputs": inputs_of(workflow, event, None),
        "vars": {},
    }
    return fill(value, Scope(contexts))
