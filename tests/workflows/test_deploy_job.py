"""What a deploy leaves behind, however it ends, and which branch's head it asks for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .events import by_hand, push
from .harness import Outcome
from .stage import Stage, package


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A repository with two branches, and what ci has packed on each."""
    return Stage.build(tmp_path)


def deploy(stage: Stage, environment: str) -> Outcome:
    """Deploy by hand what the environment's branch has packed."""
    commit = stage.commits["first"]
    branch = "main" if environment == "production" else "development"
    release = package("ours", commit, run=1, branch=branch)
    packed = stage.leave(
        push(branch, commit), {"package": release, "staged": {"staging-status.json": b"{}"}}
    )
    event = by_hand("main", environment=environment, run=str(packed))
    return stage.run("deploy.yml", event)


def left(stage: Stage, outcome: Outcome) -> dict[str, set[str]]:
    """The files of each artifact of a run."""
    there = stage.world.artifacts
    return {name: there.files(outcome.number, name) for name in there.names(outcome.number)}


def is_done(stage: Stage, *words: str) -> bool:
    """Whether a command was asked for."""
    return any(line.startswith(f"ours: {' '.join(words)}") for line in stage.said)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_a_release_that_is_live_and_failed_its_checks_can_be_taken_back(
    environment: str, stage: Stage
) -> None:
    stage.fails("deploy", 5)
    outcome = deploy(stage, environment)
    assert outcome.failed == ["deploy"]
    found = left(stage, outcome)
    assert found[f"deployed-{environment}"] == {"iadeploy-package-1.tar.gz", "release.json"}
    kept = found[f"deploy-{environment}"]
    assert {"ledger/audit-export.json", "deploy-report.json"} <= kept
    assert not any(name.startswith("staged-") for name in found)
    assert is_done(stage, "ci clean")


def test_a_release_of_staging_counts_when_only_the_export_of_the_ledgers_failed(
    stage: Stage,
) -> None:
    stage.fails("audit", 6)
    outcome = deploy(stage, "staging")
    assert outcome.failed == ["deploy"]
    assert f"staged-{stage.commits['first']}" in left(stage, outcome)
    assert is_done(stage, "ci clean")


def test_a_deploy_that_never_began_exports_nothing_and_is_nothing_to_go_back_from(
    stage: Stage,
) -> None:
    stage.fails("ci", 3)
    outcome = deploy(stage, "production")
    assert outcome.failed == ["deploy"]
    assert not is_done(stage, "deploy") and not is_done(stage, "audit export")
    assert set(left(stage, outcome)) == {"deploy-production"}


def test_a_deploy_by_hand_is_kept_under_the_release_s_commit(stage: Stage) -> None:
    outcome = deploy(stage, "staging")
    assert outcome.failed == [], outcome.explain()
    names = set(left(stage, outcome))
    assert names == {"deploy-staging", "deployed-staging", f"staged-{stage.commits['first']}"}


def test_going_back_leaves_the_ledgers_when_it_fails(stage: Stage) -> None:
    release = package("ours", stage.commits["first"])
    stage.leave(push("main", stage.commits["first"]), {"deployed-production": release})
    stage.fails("rollback", 4)
    event = by_hand("main", environment="production", release="")
    outcome = stage.run("rollback.yml", event)
    assert outcome.failed == ["rollback"]
    assert "ledger/audit-export.json" in left(stage, outcome)["rollback-production"]


@pytest.mark.parametrize(
    ("environment", "code", "said"),
    [
        ("production", 0, "is the head of main"),
        ("staging", 1, "is not the head of development"),
    ],
)
def test_production_s_commit_is_the_head_of_main_though_development_went_on(
    environment: str, code: int, said: str, stage: Stage
) -> None:
    real = Path(sys.executable).with_name("iactl")
    (stage.world.folder / "home" / "fresh").write_text(str(real), encoding="utf-8")
    outcome = deploy(stage, environment)
    assert said in stage.log(outcome, "deploy")
    assert len(outcome.failed) == code, outcome.explain()
