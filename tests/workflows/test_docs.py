"""docs/pipeline.md says what is so: its workflows can be used, its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from . import model
from .application import documented
from .model import ROOT, Workflow
from .test_linters import actionlint, schema

DOCS = (ROOT / "docs" / "pipeline.md").read_text(encoding="utf-8")
COMMIT = "0d" * 20
ADOPTED = documented(COMMIT)


def column(head: str) -> set[str]:
    """The names in the first column of the table that begins so."""
    table = DOCS[DOCS.index(head) :].partition("\n\n")[0]
    return {
        name
        for row in table.splitlines()[2:]
        for name in re.findall(r"`([^`]+)`", row.split("|")[1])
    }


def test_an_application_adopts_the_pipeline_with_ten_lines() -> None:
    names = ("pipeline", "rollback", "backup")
    assert set(ADOPTED) == {f".github/workflows/{name}.yml" for name in names}
    for text in ADOPTED.values():
        assert len(text.splitlines()) <= 10


@pytest.mark.parametrize("path", ADOPTED)
def test_the_documented_workflows_are_valid(path: str, tmp_path: Path) -> None:
    target = tmp_path / path
    target.parent.mkdir(parents=True)
    target.write_text(ADOPTED[path])
    assert schema("workflows", target)[0] == 0
    assert actionlint(target) == (0, "")


@pytest.mark.parametrize("path", ADOPTED)
def test_they_hand_down_the_rights_that_the_called_jobs_ask_for(path: str) -> None:
    caller = Workflow.parse(path, ADOPTED[path])
    (job,) = caller.jobs
    called = model.read()[job.calls.partition("@")[0].rpartition("/")[2]]
    asked = {
        (right, level)
        for one in called.jobs
        for right, level in one.content.get("permissions", {}).items()
    }
    assert set(job.content["permissions"].items()) == asked


def test_every_job_and_every_input_is_explained() -> None:
    pipeline = model.read()["ci.yml"]
    assert column("| job | pull request |") == {job.name for job in pipeline.jobs}
    inputs = set(pipeline.triggers["workflow_call"]["inputs"])
    assert column("| input of `ci.yml` |") == inputs
