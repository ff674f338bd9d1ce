"""The workflows keep every rule; a seeded violation of each is found."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from . import model
from .model import Workflow, Workflows
from .rules import RULES

WORKFLOWS = model.read()
_CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"


@dataclass(frozen=True)
class Seed:
    """A change of a workflow that breaks a rule: `old` becomes `new`, once or more often."""

    rule: str
    what: str
    old: str
    new: str
    file: str = "ci.yml"
    times: int = 1

    def __str__(self) -> str:
        return f"{self.rule}-{self.what}".replace(" ", "-")

    def sow(self) -> Workflows:
        """The workflows with the violation."""
        text = WORKFLOWS[self.file].text
        assert self.old in text, f"the seed finds no place in {self.file}: {self.old!r}"
        return {
            **WORKFLOWS,
            self.file: Workflow.parse(self.file, text.replace(self.old, self.new, self.times)),
        }


SEEDS = [
    Seed("permissions", "all rights at the top", "permissions: {}", "permissions: write-all"),
    Seed(
        "permissions",
        "a right at the top",
        "permissions: {}",
        "permissions:\n  contents: read # to read",
    ),
    Seed(
        "permissions",
        "a job without a list",
        "    permissions:\n      contents: read # to check the code out\n    strategy",
        "    strategy",
    ),
    Seed(
        "permissions", "a right too much", "contents: read # to check", "contents: write # to check"
    ),
    Seed("permissions", "a right without a reason", " # to push the image", ""),
    Seed("timeouts", "a job without an end", "    timeout-minutes: 20\n", ""),
    Seed("timeouts", "an end after six hours", "timeout-minutes: 20", "timeout-minutes: 360"),
    Seed("pins", "a tag", _CHECKOUT, "actions/checkout@v7"),
    Seed("pins", "another commit", "@3d3c42e5", "@3d3c42e6"),
    Seed("pins", "another version beside it", "# v7.0.1", "# v7.0.0"),
    Seed("pins", "no version beside it", " # v7.0.1", ""),
    Seed("pins", "an unknown action", "actions/cache@", "someone/cache@"),
    Seed("pins", "a file that is not there", "$/.github/actions/iactl", "$/.github/actions/iaclt"),
    Seed("pins", "a workspace's own action", "$/.github/actions/iactl", "./.github/actions/iactl"),
    Seed("pins", "another scanner", "version: v0.74.0", "version: latest"),
    Seed(
        "pins",
        "a service image by tag",
        "image: redis:7-alpine@sha256",
        "image: redis:8-alpine@sha256",
    ),
    Seed("credentials", "kept on disk", "          persist-credentials: false\n", ""),
    Seed("triggers", "a stranger's code", "  pull_request:", "  pull_request_target:"),
    Seed("swallowing", "or true", "evidence\n", "evidence || true\n"),
    Seed("swallowing", "or echo", "evidence\n", "evidence || echo failed\n"),
    Seed("swallowing", "set +e", "iactl scan", "set +e; iactl scan"),
    Seed(
        "swallowing",
        "a step that goes on",
        "iactl scan --output evidence\n",
        "iactl scan\n        continue-on-error: true\n",
    ),
    Seed(
        "swallowing",
        "a job that goes on",
        "    timeout-minutes: 20\n",
        "    timeout-minutes: 20\n    continue-on-error: true\n",
    ),
    Seed(
        "shell",
        "two lines",
        "run: iactl lint --output evidence",
        "run: |\n          iactl lint\n          ls",
    ),
    Seed("shell", "an expression", "run: iactl lint", "run: iactl lint ${{ github.head_ref }}"),
    Seed("shell", "no exec", "run: exec release", "run: release", "deploy.yml"),
    Seed("shell", "a pipe that hides", "    shell: bash", "    shell: sh"),
    Seed(
        "host_keys",
        "a key taken unseen",
        "iactl lint",
        "ssh-keyscan innerarchitect.app; iactl lint",
    ),
    Seed("host_keys", "any key", "iactl lint", "ssh -o StrictHostKeyChecking=no x; iactl lint"),
    Seed(
        "host_keys",
        "any new key",
        "iactl lint",
        "ssh -o StrictHostKeyChecking=accept-new x; iactl lint",
    ),
    Seed("signing", "always", "run: iactl lint", "run: cosign sign x"),
    Seed("evidence", "a file may be missing", "          if-no-files-found: error\n", ""),
    Seed("evidence", "kept for no time that is said", "          retention-days: 90\n", ""),
    Seed(
        "evidence",
        "lost after a failure",
        "        if: ${{ !cancelled() }}\n        with:\n          name: lint",
        "        with:\n          name: lint",
    ),
    Seed(
        "concurrency",
        "a push cancels",
        "cancel-in-progress: ${{ github.event_name == 'pull_request' }}",
        "cancel-in-progress: true",
    ),
    Seed(
        "concurrency",
        "nothing cancels",
        "cancel-in-progress: ${{ github.event_name == 'pull_request' }}",
        "cancel-in-progress: false",
    ),
    Seed("concurrency", "pushes drop each other", "|| github.run_id }}", "|| github.ref }}"),
    Seed(
        "concurrency",
        "a deploy is cancelled",
        "cancel-in-progress: false",
        "cancel-in-progress: true",
        "deploy.yml",
    ),
    Seed("concurrency", "a rollback is dropped", "      queue: max\n", "", "rollback.yml"),
    Seed("concurrency", "two queues", "group: environment-", "group: rollback-", "rollback.yml"),
    Seed(
        "concurrency",
        "one queue for all",
        "group: environment-${{ inputs.environment }}",
        "group: deploys",
        "deploy.yml",
    ),
    Seed("schedule", "another day", '"0 2 * * 1"', '"0 2 * * 0"'),
    Seed("schedule", "one branch", '\'["main", "development"]\'', "'[\"main\"]'"),
    Seed("schedule", "the same branch twice", "          ref: ${{ matrix.branch }}\n", ""),
    Seed("schedule", "nobody is told", "iactl notify findings", "iactl history"),
    Seed(
        "schedule",
        "nobody is told of a failure",
        "if: ${{ !cancelled() && github.event_name == 'schedule' }}",
        "if: github.event_name == 'schedule'",
    ),
    Seed("builds", "built twice", "run: iactl lint --output", "run: iactl image build --output"),
    Seed("builds", "built, not scanned", "run: iactl image scan", "run: ls image scan"),
    Seed(
        "builds",
        "pushed unscanned",
        "lint, test, docker-build]\n    if: ${{ !failure() && !cancelled() && ",
        "lint, test]\n    if: ${{ !failure() && !cancelled() && ",
    ),
    Seed("builds", "pushed elsewhere", "run: iactl lint", "run: iactl image push; iactl lint"),
    Seed("builds", "the wrong environment", "environment: production\n", "environment: staging\n"),
    Seed(
        "builds",
        "development into production",
        "github.ref == 'refs/heads/main' }}\n    permissions:\n      actions",
        "github.ref == 'refs/heads/development' }}\n    permissions:\n      actions",
    ),
    Seed(
        "builds",
        "a deploy that is left out",
        "if: ${{ !failure() && !cancelled() && needs.package.result == 'success' && ",
        "if: ${{ ",
    ),
    Seed(
        "builds",
        "another run's package",
        "      environment: staging\n",
        "      environment: staging\n      run: '1'\n",
    ),
    Seed("builds", "a cache in the image", "path: ${{ runner.temp }}/layers", "path: layers"),
    Seed("builds", "a cache written into it", "dest=${RUNNER_TEMP:-/tmp}/layers", "dest=layers"),
    Seed("builds", "the image in itself", '--output "${RUNNER_TEMP:-/tmp}/image"', "--output x"),
    Seed("builds", "a circle", "    name: lint\n", "    name: lint\n    needs: package\n"),
    Seed(
        "forks",
        "a secret for a fork",
        "run: iactl lint --output evidence\n",
        "run: iactl lint --output evidence\n        env:\n          KEY: ${{ secrets.KEY }}\n",
    ),
    Seed(
        "forks",
        "a token for a fork",
        "        if: github.event_name == 'push'\n        env",
        "        env",
    ),
    Seed(
        "forks",
        "a deploy for a fork",
        "&& github.event_name == 'push' && github.ref == 'refs/heads/development' }}",
        "}}",
    ),
    Seed(
        "secret_scope",
        "a scanner with a secret",
        "run: iactl lint --output evidence\n",
        "run: iactl lint\n        env:\n          KEY: ${{ secrets.KEY }}\n",
    ),
    Seed(
        "secret_scope",
        "a scanner with a token",
        "run: iactl lint --output evidence\n",
        "run: iactl lint\n        env:\n          KEY: ${{ github.token }}\n",
    ),
    Seed(
        "secret_scope",
        "every job",
        "env:\n  PROJECT:",
        "env:\n  KEY: ${{ secrets.KEY }}\n  PROJECT:",
    ),
    Seed(
        "secret_scope",
        "every step",
        "    environment: staging\n",
        "    environment: staging\n    env:\n      KEY: ${{ secrets.KEY }}\n",
    ),
    Seed(
        "secret_scope",
        "no environment",
        "contents: read # to check the inventory out\n    environment: staging\n",
        "contents: read # to check the inventory out\n",
    ),
    Seed(
        "secret_scope",
        "two steps",
        "SENDGRID_API_KEY: ${{ secrets.SENDGRID_API_KEY }}\n",
        "SENDGRID_API_KEY: ${{ secrets.SENDGRID_API_KEY }}\n"
        "      - run: ls\n        env:\n          AGAIN: ${{ secrets.SENDGRID_API_KEY }}\n",
    ),
    Seed(
        "secret_scope",
        "an action with a secret",
        "          fetch-depth: 0\n",
        "          fetch-depth: 0\n          token: ${{ secrets.KEY }}\n",
    ),
    Seed(
        "secret_scope",
        "all secrets elsewhere",
        "uses: $/.github/workflows/deploy.yml",
        "uses: you/elsewhere/.github/workflows/deploy.yml@v1",
    ),
    Seed("deploys", "no environment", "name: ${{ inputs.environment }}", "name: x", "deploy.yml"),
    Seed(
        "deploys",
        "a checkout",
        "      - uses: $/.github/actions/package\n",
        f"      - uses: {_CHECKOUT}\n      - uses: $/.github/actions/package\n",
        "deploy.yml",
    ),
    Seed("deploys", "an old commit", "iactl ci fresh", "iactl ci stale", "deploy.yml"),
    Seed(
        "deploys",
        "another branch",
        ".branch release/package",
        ".branch release/release",
        "deploy.yml",
    ),
    Seed("deploys", "no backup", "iactl backup production", "iactl status x", "deploy.yml"),
    Seed("deploys", "unverified", "iactl ci verify-production", "iactl ci verify", "deploy.yml"),
    Seed(
        "deploys",
        "hardly ever verified",
        "        if: inputs.environment == 'production'\n        env",
        "        if: inputs.environment == 'live'\n        env",
        "deploy.yml",
    ),
    Seed("deploys", "another image", "--image", "--image other --x", "deploy.yml"),
    Seed("deploys", "no pinned key", "iactl ci prepare", "iactl ci guess", "rollback.yml"),
    Seed("deploys", "a key left", "ci clean\n        if: always()", "ci clean", "rollback.yml"),
    Seed("deploys", "a key never removed", "iactl ci clean", "iactl status", "deploy.yml"),
    Seed("deploys", "no way back", "iactl rollback", "iactl status", "rollback.yml"),
    Seed("deploys", "back to the newest", "iactl audit", "iactl ci fresh; iactl", "rollback.yml"),
    Seed(
        "origins",
        "by its name alone",
        "      - uses: $/.github/actions/earlier-run\n",
        '      - run: gh api "repos/$GITHUB_REPOSITORY/actions/artifacts?name=x" --jq .\n'
        "      - uses: $/.github/actions/earlier-run\n",
        "rollback.yml",
    ),
    Seed(
        "origins",
        "what somebody typed",
        "steps.packed.outputs.run || github.run_id",
        "inputs.run || github.run_id",
        "deploy.yml",
    ),
    Seed("origins", "another step", "steps.built.outputs", "steps.pushed.outputs"),
    Seed("origins", "looked at for others only", "if: inputs.run", "if: inputs.url", "deploy.yml"),
    Seed("origins", "another one", "run: ${{ inputs.run }}", "run: '1'", "deploy.yml"),
    Seed(
        "origins",
        "looked at by nobody",
        "        id: packed\n",
        "        id: later\n",
        "deploy.yml",
    ),
    Seed("origins", "this run for none", "built.outputs.run", "built.outputs.run || github.run_id"),
    Seed("origins", "a pull request", "events: push\n", "events: push pull_request\n"),
    Seed("origins", "any event", "          events: schedule\n", ""),
    Seed("origins", "any branch", "branches: development\n", "branches: topic\n"),
    Seed("origins", "no branch", "          branches: main\n", ""),
    Seed(
        "origins",
        "development's in production",
        "'production' && 'main' || 'development main'",
        "'staging' && 'main' || 'development main'",
        "rollback.yml",
    ),
    Seed(
        "origins",
        "one branch for all",
        "${{ inputs.environment == 'production' && 'main' || 'development main' }}",
        "development main",
        "rollback.yml",
    ),
    Seed(
        "origins",
        "another repository",
        "          name: image\n          path: image\n",
        "          name: image\n          repository: you/fork\n          path: image\n",
    ),
    Seed("host_keys", "not pinned", "SSH_KNOWN_HOSTS", "SSH_SOMETHING", "rollback.yml", 9),
]


@pytest.mark.parametrize("rule", RULES)
def test_the_workflows_keep_the_rule(rule: str) -> None:
    assert list(RULES[rule](WORKFLOWS)) == []


@pytest.mark.parametrize("seed", SEEDS, ids=str)
def test_a_violation_is_found(seed: Seed) -> None:
    assert list(RULES[seed.rule](seed.sow())) != []


def test_every_rule_has_a_seed() -> None:
    assert {seed.rule for seed in SEEDS} == set(RULES)
