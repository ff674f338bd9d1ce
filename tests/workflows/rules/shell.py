"""A `run:` is one line that runs on a laptop: values reach it through its environment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import Step, Workflow, Workflows

# GitHub's cancel reaches only the process that the step started: these must be that process.
_LONG_LIVED = re.compile(r"\biactl (?:deploy|rollback|backup|restore|bootstrap)\b")


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    for workflow in workflows.values():
        for step in workflow.steps:
            for what in _faults(step):
                yield f"{workflow.name}: {step}: {what}"
        yield from _pipefail(workflow)


def _faults(step: Step) -> Iterator[str]:
    line = step.run.rstrip("\n")
    if "\n" in line:
        yield "more than one line"
    if "${{" in line:
        yield "an expression inside of the shell"
    if step.action == "actions/github-script":
        yield "a script that runs nowhere else"
    if _LONG_LIVED.search(line) and not line.startswith("exec "):
        yield "a long-lived command without exec"


def _pipefail(workflow: Workflow) -> Iterator[str]:
    """Unless it is named, GitHub's bash runs without pipefail."""
    shell = workflow.content.get("defaults", {}).get("run", {}).get("shell")
    if any(step.run for step in workflow.steps) and shell != "bash":
        yield f"{workflow.name}: the shell is not named, so a pipe hides a failure"
