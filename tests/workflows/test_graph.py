"""Order, combinations and conditions of jobs, and which of them each event starts."""

from __future__ import annotations

from typing import Any

import pytest

from . import model
from .events import EVERY, by_hand, push
from .graph import GraphError, critical_path, inputs_of, ordered, started, triggered
from .model import Workflow

WORKFLOWS = model.read()
ALWAYS = {"security-scan", "lint", "test", "docker-build", "package", "codecov", "summary"}
STARTED = {
    "push to development": ALWAYS | {"deploy-staging"},
    "push to main": ALWAYS | {"staged", "deploy-production"},
    "own pull request": ALWAYS,
    "pull request from a fork": ALWAYS,
    "by hand": ALWAYS,
    "schedule": {"security-scan", "docker-build", "weekly-report", "summary"},
}


def made(**jobs: Any) -> Workflow:
    """A workflow of jobs that only need each other."""
    return Workflow("made.yml", "", {"on": {"push": None}, "jobs": jobs})


@pytest.mark.parametrize("what", EVERY)
def test_each_event_starts_its_jobs(what: str) -> None:
    assert set(started(WORKFLOWS["ci.yml"], EVERY[what])) == STARTED[what]


def test_stages_that_do_not_need_each_other_run_side_by_side() -> None:
    pipeline = WORKFLOWS["ci.yml"]
    for name in ("security-scan", "lint", "test", "staged"):
        assert pipeline.job(name).needs == []
    assert pipeline.job("docker-build").needs == ["staged"]


def test_a_job_behind_one_that_was_left_out_is_left_out_too() -> None:
    jobs: dict[str, Any] = {
        "a": {"if": "false"},
        "b": {"needs": "a", "if": "!failure()"},
        "c": {"needs": "b"},
        "d": {"needs": "b", "if": "${{ !failure() && !cancelled() }}"},
    }
    assert set(started(made(**jobs), push("main"))) == {"b", "d"}


def test_jobs_are_ordered_and_a_circle_is_refused() -> None:
    assert [job.name for job in ordered(made(b={"needs": ["a"]}, a={}))] == ["a", "b"]
    with pytest.raises(GraphError, match="wait for each other"):
        ordered(made(a={"needs": "b"}, b={"needs": "a"}))
    with pytest.raises(GraphError, match="no such job"):
        ordered(made(a={"needs": "b"}))


def test_the_critical_path_is_the_longest_way_through() -> None:
    workflow = made(scan={}, test={}, build={"needs": "scan"}, out={"needs": ["build", "test"]})
    times = {"scan": 10.0, "test": 25.0, "build": 20.0, "out": 1.0}
    assert critical_path(workflow, times) == ["scan", "build", "out"]
    assert critical_path(workflow, {**times, "test": 35.0}) == ["test", "out"]


def test_inputs_are_those_that_are_declared() -> None:
    pipeline, deploy = WORKFLOWS["ci.yml"], WORKFLOWS["deploy.yml"]
    assert inputs_of(pipeline, push("main"), {"package": "shop"})["application"] == "."
    assert inputs_of(pipeline, push("main"), None)["application"] == ""
    with pytest.raises(GraphError, match="no input nonsense"):
        inputs_of(pipeline, push("main"), {"package": "shop", "nonsense": 1})
    with pytest.raises(GraphError, match="wants the input package"):
        inputs_of(pipeline, push("main"), {})
    with pytest.raises(GraphError, match="environment is one of"):
        inputs_of(deploy, by_hand(environment="live", run="1"), None)


def test_only_the_workflow_s_branches_start_it() -> None:
    pipeline = WORKFLOWS["ci.yml"]
    assert triggered(pipeline, push("main")) and triggered(pipeline, EVERY["own pull request"])
    assert not triggered(pipeline, push("topic"))
    assert not triggered(WORKFLOWS["deploy.yml"], push("main"))
