"""The secrets of the workflows are those of the one data file, no more and no less."""

from __future__ import annotations

from ci_scripts.doctor.needs import needs

from . import model
from .model import Workflow, secrets

# Which file runs a job that the data file names.
_FILES = {
    "deploy-staging": "deploy.yml",
    "deploy-production": "deploy.yml",
    "rollback": "rollback.yml",
    "backup": "backup.yml",
    "staged": "ci.yml",
    "weekly-report": "ci.yml",
}


def asked(workflow: Workflow) -> set[str]:
    """The secrets that a workflow's steps get."""
    return {name for step in workflow.steps for name in secrets(step.env)}


def test_every_secret_stands_in_the_data_file_with_the_jobs_that_get_it() -> None:
    wanted: dict[str, set[str]] = {}
    for need in (one for one in needs() if one.kind == "secret"):
        for job in need.jobs:
            wanted.setdefault(_FILES[job], set()).add(need.name)
    found = {name: asked(workflow) for name, workflow in model.read().items()}
    assert {name: it for name, it in found.items() if it} == wanted


def test_a_secret_reaches_a_step_under_its_own_name() -> None:
    for workflow in model.read().values():
        for step in workflow.steps:
            for name, value in step.env.items():
                assert secrets(value) <= {name}, step
