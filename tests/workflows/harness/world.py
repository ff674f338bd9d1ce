"""GitHub's side: repositories, secrets, variables, earlier runs with their artifacts and caches."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..events import REPOSITORY_ID, Event
from .artifacts import Artifacts
from .errors import HarnessError

TOOLKIT = "innerarchitect/innerarchitect-deploy"


@dataclass
class World:
    """Everything that outlives a job.

    Attributes:
        folder: all of it, and the jobs' workspace.
        repository: a bare git repository, the application's.
        toolkit: a clean clone of this product, which the workflows and the action come from.
        secrets: environment to its secrets by name.
        variables: the repository's, and per environment.
        machine: variables that a runner of this machine has, such as how it reaches the network.
        tools: folders with programs that a runner brings along.
        pythons: versions that setup-python has here.
        outages: actions that are out of order, such as Codecov's.
        address: where GitHub answers, for git and for its API.
        approvals: environment to who approves its deploys.
        offline: how lines begin that need no network and get none.
        actor: whose commits and clicks start the runs.
        token: what every job gets as its token.
        runs: the event of each run, the first run has number 1.
    """

    folder: Path
    repository: Path
    toolkit: Path
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)
    tools: list[Path] = field(default_factory=list)
    pythons: dict[str, Path] = field(default_factory=dict)
    outages: set[str] = field(default_factory=set)
    address: str = "http://127.0.0.1:9"
    offline: tuple[str, ...] = (
        "iactl lint",
        "iactl hipaa",
        "iactl image scan",
        "iactl ci summary",
    )
    actor: str = "alice"
    token: str = "sentinel-github-token-5f1c"
    approvals: dict[str, str] = field(default_factory=dict)
    caches: dict[str, Path] = field(default_factory=dict)
    runs: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.artifacts = Artifacts(self.folder / "artifacts")
        for name in ("artifacts", "caches", "logs", "home"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    @property
    def workspace(self) -> Path:
        """Where jobs work: the same path for each, as on GitHub's runners, and empty at first."""
        return self.folder / "work"

    @property
    def toolkit_commit(self) -> str:
        """The commit that the workflows and the action come from."""
        return git(self.toolkit, "rev-parse", "HEAD")

    def next_run(self, event: Event) -> int:
        """The number of a new run."""
        self.runs.append(event)
        return len(self.runs)

    def workflow_text(self, reference: str) -> tuple[str, str]:
        """Return name and text of a reusable workflow; HarnessError when it is not pinned."""
        if reference.startswith("$/"):
            path = reference.removeprefix("$/")
        else:
            place, _, commit = reference.partition("@")
            owner_and_name = "/".join(place.split("/")[:2])
            if owner_and_name != TOOLKIT or commit != self.toolkit_commit:
                raise HarnessError(f"{reference} is not {TOOLKIT} at the commit that is tested")
            path = place.removeprefix(f"{owner_and_name}/")
        file = self.toolkit / path
        if not file.is_file():
            raise HarnessError(f"{reference} is not there")
        return file.name, file.read_text(encoding="utf-8")

    def answer_file(self, rights: Mapping[str, str]) -> Path:
        """Write what the command `gh` answers to a job with these rights, and return the file."""
        artifacts = self.artifacts.listed()
        for one in artifacts:
            run = self._run(one["workflow_run"]["id"])
            one["workflow_run"] = {
                **{name: run[name] for name in ("id", "head_branch", "head_sha")},
                "repository_id": run["repository"]["id"],
                "head_repository_id": run["head_repository"]["id"],
            }
        known: dict[str, Any] = {
            "artifacts": artifacts,
            "runs": [self._run(number) for number in range(1, len(self.runs) + 1)],
            "repository": str(self.repository),
            "rights": dict(rights),
        }
        path = self.folder / "gh.json"
        path.write_text(json.dumps(known), encoding="utf-8")
        return path

    def _run(self, number: int) -> dict[str, Any]:
        """A run as the API shows it."""
        event = self.runs[number - 1]
        return {
            "id": number,
            "event": event.name,
            "head_branch": event.head_branch,
            "head_sha": event.head_sha,
            "repository": {"id": REPOSITORY_ID},
            "head_repository": {"id": event.head_repository_id},
        }


def git(folder: Path, *arguments: str) -> str:
    """Run git and return what it prints; HarnessError when it fails."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise HarnessError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()
