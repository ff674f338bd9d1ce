"""The harness itself: it runs lines as GitHub's runner does, and refuses what GitHub refuses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from . import machine
from .events import pull_request, push
from .harness import HarnessError, Outcome, Run, World
from .harness.world import git
from .model import Workflow

_HEAD = "on: {push: , pull_request: }\ndefaults: {run: {shell: bash}}\njobs:\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A repository with one commit, and a toolkit with one reusable workflow."""
    for name in ("repository", "toolkit"):
        folder = tmp_path / name
        subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
        (folder / "file").write_text("content\n")
    called = tmp_path / "toolkit" / "called.yml"
    called.write_text(
        "on: {workflow_call: {outputs: {said: {value: '${{ jobs.it.outputs.said }}'}}}}\n"
        "jobs: {it: {runs-on: x, environment: staging, permissions: {contents: read},"
        " outputs: {said: '${{ steps.a.outputs.said }}'},"
        " steps: [{id: a, run: 'echo said=${#KEY} >> $GITHUB_OUTPUT',"
        " env: {KEY: '${{ secrets.KEY }}'}}]}}\n"
    )
    for name in ("repository", "toolkit"):
        git(tmp_path / name, "add", "--all")
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        git(tmp_path / name, *identity, "commit", "-qm", "first")
    return World(
        tmp_path / "github",
        tmp_path / "repository",
        tmp_path / "toolkit",
        secrets={"staging": {"KEY": "four"}},
        pythons=machine.pythons(tmp_path / "pythons"),
    )


def run(world: World, jobs: str, *, fork: bool = False) -> Outcome:
    """Run a workflow with these jobs."""
    sha = git(world.repository, "rev-parse", "HEAD")
    event = pull_request(fork=True, sha=sha) if fork else push("main", sha)
    return Run(world, event).execute(Workflow.parse("made.yml", _HEAD + jobs))


def results(outcome: Outcome, job: str) -> list[str]:
    """What each step of a job came to."""
    return [result for _, result in outcome.jobs[job].steps]


def test_steps_hand_on_outputs_variables_and_paths(world: World) -> None:
    jobs = """
  a:
    outputs: {x: "${{ steps.one.outputs.x }}"}
    steps:
      - {id: one, run: 'echo x=1 >> $GITHUB_OUTPUT; echo Y=2 >> $GITHUB_ENV; pwd >> $GITHUB_PATH'}
      - run: test "$Y" = 2 && test "${PATH%%:*}" = "$PWD"
      - {run: 'test "$Z" = 1', env: {Z: "${{ steps.one.outputs.x }}"}}
      - run: echo "# Told" >> "$GITHUB_STEP_SUMMARY"
  b:
    needs: a
    steps: [{run: 'test "$X" = 1', env: {X: "${{ needs.a.outputs.x }}"}}]
"""
    outcome = run(world, jobs)
    assert outcome.failed == [], outcome.explain()
    assert outcome.summary == "# Told\n"


def test_after_a_failure_only_what_asks_for_it_runs(world: World) -> None:
    jobs = """
  a:
    steps: [{run: 'false | true'}, {run: 'true'}, {run: 'true', if: always()}]
  b: {needs: a, steps: [{run: 'true'}]}
  c: {needs: a, if: '${{ !cancelled() }}', steps: [{run: 'true'}]}
  d: {steps: [{run: 'false', continue-on-error: true}, {run: 'true'}]}
"""
    outcome = run(world, jobs)
    assert results(outcome, "a") == ["failure", "skipped", "success"]
    assert outcome.results == {"a": "failure", "b": "skipped", "c": "success", "d": "success"}


def test_each_job_begins_in_an_empty_folder(world: World) -> None:
    jobs = """
  a: {steps: [{run: 'touch left'}]}
  b: {needs: a, steps: [{run: 'test -z "$(ls -A)"'}]}
"""
    assert run(world, jobs).failed == []


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{uses: someone/something@v1}", "does not know the action someone/something"),
        ("{uses: actions/checkout@v1, with: {submodules: true}}", "does not know submodules"),
        ("{uses: actions/checkout@v1, with: {path: ../out}}", "outside of the workspace"),
        ("{uses: actions/setup-python@v1, with: {python-version: '2.7'}}", "no Python 2.7"),
        ("{uses: actions/download-artifact@v1, with: {name: x}}", "has no artifact x"),
        ("{run: 'true', env: {X: '${{ steps.none.outputs.x }}'}}", "'none' is unknown"),
        ("{run: 'exit 7'}", "exit code 7"),
    ],
)
def test_what_github_refuses_or_nobody_knows_fails_the_step(
    step: str, said: str, world: World
) -> None:
    jobs = f"  a: {{permissions: {{contents: read}}, steps: [{step}]}}\n"
    outcome = run(world, jobs)
    assert outcome.failed == ["a"]
    assert said in outcome.jobs["a"].log.read_text(encoding="utf-8")


def test_an_action_of_several_steps_hands_out_what_it_declares(world: World) -> None:
    action = world.toolkit / "act" / "action.yml"
    action.parent.mkdir()
    action.write_text(
        "inputs: {what: {required: true}}\n"
        "outputs: {said: {value: '${{ steps.say.outputs.said }}'}}\n"
        "runs: {using: composite, steps: [{id: say, shell: bash,"
        " run: 'echo said=$WHAT >> $GITHUB_OUTPUT', env: {WHAT: '${{ inputs.what }}'}}]}\n"
    )
    jobs = """
  a:
    steps:
      - {id: one, uses: $/act, with: {what: "4"}}
      - {run: 'test "$X" = 4', env: {X: "${{ steps.one.outputs.said }}"}}
      - {run: 'true', env: {X: "${{ steps.say.outputs.said }}"}}
"""
    outcome = run(world, jobs)
    assert results(outcome, "a") == ["success", "success", "failure"], outcome.explain()


@pytest.mark.parametrize(
    ("rights", "path", "said"),
    [
        ("{}", "actions/artifacts?name=x", "Resource not accessible"),
        ("{actions: read}", "git/ref/heads/main", "Resource not accessible"),
        ("{actions: read}", "actions/runs/7", "Not Found"),
        ("{contents: read}", "git/ref/heads/none", "Not Found"),
        ("{contents: read}", "issues", "does not know"),
    ],
)
def test_github_answers_nobody_without_the_right_and_nothing_that_is_not_there(
    rights: str, path: str, said: str, world: World
) -> None:
    tools = world.folder / "tools"
    tools.mkdir()
    (tools / "gh").symlink_to(Path(__file__).parent / "harness" / "gh")
    world.tools = [tools]
    line = f"gh api repos/you/shop/{path} --jq ."
    jobs = f"  a: {{permissions: {rights}, steps: [{{run: '{line}', env: {{GH_TOKEN: x}}}}]}}\n"
    outcome = run(world, jobs)
    assert outcome.failed == ["a"]
    assert said in outcome.jobs["a"].log.read_text(encoding="utf-8")


@pytest.mark.parametrize(("place", "kept"), [("${{ runner.temp }}/x", 1), ("x", 1), ("/x", 0)])
def test_a_cache_lies_in_the_workspace_or_in_the_runner_s_own_folder(
    place: str, kept: int, world: World
) -> None:
    jobs = f"""
  a:
    steps:
      - {{uses: actions/cache@v1, with: {{path: "{place}", key: k}}}}
      - run: mkdir -p x "$RUNNER_TEMP/x"
"""
    run(world, jobs)
    assert len(world.caches) == kept


def test_a_line_that_needs_no_network_gets_none(world: World) -> None:
    world.offline = ("python",)
    connect = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    jobs = f'  a: {{steps: [{{run: "python3 -c \\"{connect}\\""}}]}}\n'
    log = run(world, jobs).jobs["a"].log.read_text(encoding="utf-8")
    assert "Network is unreachable" in log


def test_a_checkout_needs_the_right_to_read(world: World) -> None:
    jobs = "  a: {permissions: {}, steps: [{uses: actions/checkout@v1}]}\n"
    assert run(world, jobs).failed == ["a"]


@pytest.mark.parametrize(
    ("inherits", "fork", "length"), [(True, False, "4"), (False, False, "0"), (True, True, "0")]
)
def test_an_environment_s_secrets_come_by_inheritance_and_never_to_a_fork(
    inherits: bool, fork: bool, length: str, world: World
) -> None:
    inherit = "secrets: inherit, " if inherits else ""
    jobs = f"""
  a: {{uses: $/called.yml, {inherit}permissions: {{contents: read}}}}
  b:
    needs: a
    steps: [{{run: 'test "$SAID" = {length}', env: {{SAID: "${{{{ needs.a.outputs.said }}}}"}}}}]
"""
    outcome = run(world, jobs, fork=fork)
    assert outcome.failed == [], outcome.explain()


def test_a_called_job_cannot_have_more_rights_than_its_caller(world: World) -> None:
    with pytest.raises(HarnessError, match="it asks for contents: read"):
        run(world, "  a: {uses: $/called.yml, permissions: {}}\n")
