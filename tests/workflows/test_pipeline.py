"""The reference application from a commit to running servers, by the workflows' own lines.

The tests are one story, in the order of the file: a pull request from a fork, development, the
weekly scan, main, a second release of development, and the way back.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from . import model
from .application import Application
from .events import by_hand, pull_request, push, schedule
from .harness import Outcome, Run, World
from .site import Site
from .timing import Timing

pytestmark = [pytest.mark.rig, pytest.mark.timeout(1800)]
# The pull request executes their lines; later runs take them for passed.
CHECKS = ("security-scan", "lint", "test", "codecov")
IN = "pipeline/"
# Besides them, each job adds its verdicts.
LEFT = {
    "security-scan": {"bandit-results.json", "pip-audit-results.json", "security_test.log"},
    "lint": {"pylint-report.txt", "pylint-report.json", "lint-verdicts.json"},
    "test-3.11": {"coverage.xml", "htmlcov/index.html", "junit.xml"},
    "image": {"image.tar", "image.json"},
    "docker-build": {"trivy-results.json", "sbom.cdx.json", "gate-verdicts.json"},
}


def assert_passed(outcome: Outcome) -> None:
    """No job failed."""
    assert outcome.failed == [], outcome.explain()


def assert_nothing_leaked(world: World, site: Site) -> None:
    """No secret stands in a log or an artifact, masked or not."""
    for folder in ("logs", "artifacts"):
        for path in (world.folder / folder).rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            for secret in (*site.hidden(), world.token):
                assert secret.encode() not in content, f"{secret[:8]}… stands in {path.name}"


def read(world: World, outcome: Outcome, artifact: str, file: str) -> Mapping[str, Any]:
    """Return a JSON file of a run's artifact."""
    path: Path = world.artifacts.path(outcome.number, artifact, file)
    document: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def packed(world: World, outcome: Outcome) -> Mapping[str, Any]:
    """Return what a run's deployment package says of itself."""
    path = world.artifacts.path(outcome.number, "package", "")
    (archive,) = path.glob("iadeploy-package-*.tar.gz")
    with tarfile.open(archive) as package:
        (name,) = (one for one in package.getnames() if one.endswith("/package.json"))
        content = package.extractfile(name)
        assert content is not None
        document: Mapping[str, Any] = json.load(content)
    return document


@pytest.fixture(scope="module")
def commit(application: Application) -> str:
    """The first commit of development."""
    return application.push("development")


@pytest.fixture(scope="module")
def staged(
    world: World, application: Application, bootstrapped: Site, commit: str, timing: Timing
) -> Outcome:
    """The run that brings the first commit to staging."""
    event = push("development", commit)
    outcome = Run(world, event, CHECKS).execute(application.workflow("pipeline.yml"))
    timing.add("push to development", outcome)
    return outcome


def test_a_fork_passes_without_secrets_and_reaches_no_server(
    world: World, application: Application, commit: str, timing: Timing
) -> None:
    world.outages.add("codecov")
    proposed = application.propose("PROPOSAL.md", "Shorter entries.\n")
    event = pull_request(fork=True, sha=proposed, base=commit)
    outcome = Run(world, event).execute(application.workflow("pipeline.yml"))
    world.outages.clear()
    timing.add("pull request", outcome)
    assert_passed(outcome)
    assert outcome.left_out == [f"{IN}test-3.12", f"{IN}test-3.13"]
    ran = {name.removeprefix(IN) for name in outcome.jobs}
    assert ran == {
        "security-scan",
        "lint",
        "test-3.11",
        "codecov",
        "docker-build",
        "package",
        "summary",
    }
    for artifact, files in LEFT.items():
        assert files <= world.artifacts.files(outcome.number, artifact), artifact
    assert "release.json" not in world.artifacts.files(outcome.number, "package")
    assert {"innerarchitect-1.0.0-py3-none-any.whl", "innerarchitect-1.0.0.tar.gz"} == (
        world.artifacts.files(outcome.number, "dist")
    )
    for said in ("bandit", "pylint", "coverage", "trivy", "risk analysis under HIPAA"):
        assert said.lower() in outcome.summary.lower(), outcome.summary


def test_development_reaches_staging(
    world: World, bootstrapped: Site, staged: Outcome, commit: str
) -> None:
    assert_passed(staged)
    assert bootstrapped.served("staging") == f"1.0.0+{commit[:12]}"
    assert bootstrapped.served("production") == "-"
    release = read(world, staged, "package", "release.json")
    assert (release["commit"], release["tags"]) == (commit, ["development", f"sha-{commit}"])
    report = read(world, staged, "deploy-staging", "deploy-report.json")
    assert report["outcome"] == "done"
    assert release["digest"] in json.dumps(report)
    assert_nothing_leaked(world, bootstrapped)


def test_the_weekly_scan_looks_at_both_branches(
    world: World, application: Application, staged: Outcome, commit: str, timing: Timing
) -> None:
    application.push("main")
    outcome = Run(world, schedule(commit)).execute(application.workflow("pipeline.yml"))
    timing.add("weekly", outcome)
    assert_passed(outcome)
    names = {"security-scan-main", "security-scan-development"}
    names |= {"docker-build-main", "docker-build-development"}
    assert names <= set(world.artifacts.names(outcome.number))


def test_main_reaches_production_with_the_digest_of_staging(
    world: World,
    application: Application,
    bootstrapped: Site,
    staged: Outcome,
    commit: str,
    timing: Timing,
) -> None:
    # Meanwhile work goes on: development is ahead of the commit that ran in staging.
    application.write("NOTES.md", "What comes next.\n")
    application.commit("Notes")
    application.push("development")
    event = push("main", commit)
    outcome = Run(world, event, CHECKS[1:]).execute(application.workflow("pipeline.yml"))
    timing.add("push to main", outcome)
    assert_passed(outcome)
    assert bootstrapped.served("production") == f"1.0.0+{commit[:12]}"
    about = packed(world, outcome)
    assert (about["branch"], about["commit"]) == ("main", commit)
    log = outcome.jobs[f"{IN}deploy-production/deploy"].log.read_text(encoding="utf-8")
    assert f"{commit} is the head of main" in log
    digests = {read(world, one, "package", "release.json")["digest"] for one in (staged, outcome)}
    assert len(digests) == 1
    verdicts = read(world, outcome, "deploy-production", "production-verdicts.json")["verdicts"]
    assert {one["verdict"] for one in verdicts} == {"pass"} and len(verdicts) == 7
    assert "bob" in json.dumps(verdicts)
    assert_nothing_leaked(world, bootstrapped)


def test_without_an_approver_production_is_left_alone(
    world: World, application: Application, bootstrapped: Site, commit: str
) -> None:
    earlier = max(world.artifacts.newest("staged"))
    world.approvals.clear()
    event = by_hand("main", environment="production", run=str(earlier))
    outcome = Run(world, event).execute(model.read()["deploy.yml"])
    world.approvals["production"] = "bob"
    assert outcome.failed == ["deploy"]
    steps = dict(outcome.jobs["deploy"].steps)
    acted = next(
        result for step, result in steps.items() if "exec release/.venv/bin/iactl deploy" in step
    )
    assert acted == "skipped", steps


def test_the_way_back(
    world: World, application: Application, bootstrapped: Site, commit: str, timing: Timing
) -> None:
    application.write("src/innerarchitect/second.py", '"""The second release."""\n')
    second = application.commit("The second release")
    application.push("development")
    event = push("development", second)
    pipeline = application.workflow("pipeline.yml")
    assert_passed(Run(world, event, CHECKS).execute(pipeline))
    assert bootstrapped.served("staging") == f"1.0.0+{second[:12]}"
    event = by_hand("development", environment="staging", release="")
    outcome = Run(world, event).execute(application.workflow("rollback.yml"))
    timing.add("rollback", outcome)
    assert_passed(outcome)
    assert bootstrapped.served("staging") == f"1.0.0+{commit[:12]}"
    assert_nothing_leaked(world, bootstrapped)


def test_an_old_commit_is_refused(
    world: World, application: Application, bootstrapped: Site, commit: str
) -> None:
    first = world.artifacts.newest("deployed-staging")[-1]
    event = by_hand("development", environment="staging", run=str(first))
    outcome = Run(world, event).execute(model.read()["deploy.yml"])
    assert outcome.failed == ["deploy"]
    log = outcome.jobs["deploy"].log.read_text(encoding="utf-8")
    assert f"{commit} is not the head of development" in log
