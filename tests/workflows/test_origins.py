"""What an earlier run left is used only where that run's code was reviewed.

Each stranger leaves artifacts of the same names as the real ones, and newer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from .events import Event, by_hand, pull_request, push, push_of_tag, schedule
from .harness import Outcome
from .stage import Stage, package

# The jobs of ci that are not looked at here.
OTHERS = (
    *("security-scan", "lint", "test", "codecov", "docker-build", "package"),
    *("deploy-production", "summary"),
)
BRANCHES = {"staging": "development", "production": "main"}


def strangers(branch: str, commits: Mapping[str, str]) -> list[Event]:
    """Runs of code that nobody reviewed, though each seems to be of the branch."""
    unseen = commits["unseen"]
    fork = pull_request(fork=True, sha=unseen, branch=branch)
    return [
        fork,
        # From the branch into another one, whose workflows nobody reviewed.
        pull_request(fork=False, sha=unseen, branch=branch),
        push("topic", unseen),
        by_hand("topic").at(unseen),
        push_of_tag(branch, unseen),
        # GitHub has no such run; the repository alone must be reason enough.
        replace(push(branch, commits["first"]), trusted=False),
    ]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A repository with two branches."""
    return Stage.build(tmp_path)


def leaves(stage: Stage, owner: str, event: Event, *, image: int = 0) -> int:
    """Have a run leave everything that is looked for; `image` is the run that has its image."""
    commit = stage.commits["first"]
    own = package(owner, commit, run=image or len(stage.world.runs) + 1)
    names = ("package", "deployed-staging", "deployed-production", f"staged-{commit}")
    mark = {"owner": owner.encode()}
    built = {} if image else {"image": mark | {"image.tar": b""}}
    everything = {name: own for name in names}
    everything |= {"security-scan-main": mark, "staged": mark, **built}
    return stage.leave(event, everything)


def back(stage: Stage, environment: str) -> Outcome:
    """Press the button for the night."""
    event = by_hand("main", environment=environment, release="")
    return stage.run("rollback.yml", event)


@pytest.mark.parametrize("environment", BRANCHES)
def test_going_back_takes_no_stranger_s_package(environment: str, stage: Stage) -> None:
    branch = BRANCHES[environment]
    leaves(stage, "ours", push(branch, stage.commits["first"]))
    for event in strangers(branch, stage.commits):
        leaves(stage, "theirs", event)
    outcome = back(stage, environment)
    assert outcome.failed == [], outcome.explain()
    assert stage.owners == {"ours"}


def test_going_back_looks_past_any_number_of_strangers(stage: Stage) -> None:
    leaves(stage, "ours", push("main", stage.commits["first"]))
    fork = pull_request(fork=True, branch="main")
    for _ in range(101):
        stage.leave(fork, {"deployed-production": {"owner": b"theirs"}})
    assert back(stage, "production").failed == []
    assert stage.owners == {"ours"}


def test_going_back_takes_the_newest_that_is_still_there(stage: Stage) -> None:
    for owner in ("older", "ours"):
        leaves(stage, owner, push("main", stage.commits["first"]))
    gone = leaves(stage, "gone", push("main", stage.commits["first"]))
    stage.world.artifacts.expire(gone, "deployed-production")
    assert back(stage, "production").failed == []
    assert stage.owners == {"ours"}


def test_what_was_deployed_by_hand_from_main_counts_in_staging_too(stage: Stage) -> None:
    leaves(stage, "older", push("development", stage.commits["newer"]))
    leaves(stage, "ours", by_hand("main").at(stage.commits["first"]))
    assert back(stage, "staging").failed == []
    assert stage.owners == {"ours"}


def test_without_a_package_that_may_be_used_nothing_runs(stage: Stage) -> None:
    leaves(stage, "theirs", pull_request(fork=True, branch="main"))
    outcome = back(stage, "production")
    assert outcome.failed == ["rollback"]
    assert "nothing was deployed there in 90 days" in stage.log(outcome, "rollback")
    assert stage.owners == set()


def to_main(stage: Stage) -> Outcome:
    """Push the commit that staging had to main; of ci only the job `staged` runs."""
    return stage.run("ci.yml", push("main", stage.commits["first"]), *OTHERS)


def taken(stage: Stage, outcome: Outcome) -> set[str]:
    """Whose image, weekly scan and package the job `staged` took."""
    files = {("image", "owner"), ("staged", "weekly/owner")}
    paths = [stage.world.artifacts.path(outcome.number, *one) for one in files]
    return {path.read_text(encoding="ascii") for path in paths} | stage.owners


def test_main_takes_nothing_of_a_stranger(stage: Stage) -> None:
    commit = stage.commits["first"]
    leaves(stage, "ours", push("development", commit))
    leaves(stage, "ours", schedule(commit))
    for branch in BRANCHES.values():
        for event in strangers(branch, stage.commits):
            leaves(stage, "theirs", event)
    outcome = to_main(stage)
    assert outcome.failed == [], outcome.explain()
    assert taken(stage, outcome) == {"ours"}


def test_main_takes_the_image_of_a_release_that_went_to_staging_by_hand(stage: Stage) -> None:
    commit = stage.commits["first"]
    built = leaves(stage, "ours", push("development", commit))
    leaves(stage, "ours", schedule(commit))
    leaves(stage, "ours", by_hand("main").at(commit), image=built)
    outcome = to_main(stage)
    assert outcome.failed == [], outcome.explain()
    assert taken(stage, outcome) == {"ours"}


def test_main_takes_no_image_of_a_stranger_s_run(stage: Stage) -> None:
    commit = stage.commits["first"]
    theirs = leaves(stage, "theirs", pull_request(fork=True, branch="development"))
    leaves(stage, "ours", schedule(commit))
    leaves(stage, "ours", push("development", commit), image=theirs)
    assert to_main(stage).failed == ["staged"]
    assert stage.owners == set()


def test_main_says_when_a_commit_did_not_run_in_staging(stage: Stage) -> None:
    leaves(stage, "theirs", pull_request(fork=True, branch="development"))
    outcome = to_main(stage)
    assert outcome.failed == ["staged"]
    assert "did not run in staging" in stage.log(outcome, "staged")


def deploy(stage: Stage, environment: str, run: object) -> Outcome:
    """Deploy by hand what another run has packed."""
    event = by_hand("main", environment=environment, run=str(run))
    return stage.run("deploy.yml", event)


@pytest.mark.parametrize("environment", BRANCHES)
def test_a_run_of_the_environment_s_branch_is_deployed_by_hand(
    environment: str, stage: Stage
) -> None:
    run = leaves(stage, "ours", push(BRANCHES[environment], stage.commits["first"]))
    outcome = deploy(stage, environment, run)
    assert [one for one in stage.said if "deploy" in one] != [], outcome.explain()


@pytest.mark.parametrize("environment", BRANCHES)
def test_a_stranger_s_run_is_not_deployed_by_hand(environment: str, stage: Stage) -> None:
    (other,) = set(BRANCHES.values()) - {BRANCHES[environment]}
    events = strangers(BRANCHES[environment], stage.commits)
    for event in [*events, push(other, stage.commits["first"])]:
        outcome = deploy(stage, environment, leaves(stage, "theirs", event))
        assert outcome.failed == ["deploy"], event
        assert "may not be deployed there" in stage.log(outcome, "deploy")
    assert stage.owners == set(), "a package was unpacked"


def test_what_is_no_run_is_refused(stage: Stage) -> None:
    for _ in range(2):
        leaves(stage, "ours", push("development", stage.commits["first"]))
    for run in ("1/../2", "2?", "-1", "1 2", "two"):
        outcome = deploy(stage, "staging", run)
        assert outcome.failed == ["deploy"]
        assert "is not the number of a run" in stage.log(outcome, "deploy")
    assert deploy(stage, "staging", 99).failed == ["deploy"]
    assert stage.owners == set()
