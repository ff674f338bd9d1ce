"""A workflow as its file has it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "workflows"


@dataclass(frozen=True)
class Step:
    """One step of a job."""

    job: str
    number: int
    content: Mapping[str, Any]

    @property
    def run(self) -> str:
        """Its shell line; an empty string for an action."""
        return str(self.content.get("run", ""))

    @property
    def action(self) -> str:
        """The action's name without its version; an empty string for a shell line."""
        return str(self.content.get("uses", "")).partition("@")[0]

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What an action is given."""
        return dict(self.content.get("with", {}))

    @property
    def env(self) -> Mapping[str, Any]:
        """Its own environment."""
        return dict(self.content.get("env", {}))

    def __str__(self) -> str:
        name = self.content.get("name") or self.run or self.content.get("uses", "")
        return f"{self.job}, step {self.number}: {str(name)[:60]}"


@dataclass(frozen=True)
class Job:
    """One job."""

    name: str
    content: Mapping[str, Any]

    @property
    def calls(self) -> str:
        """The reusable workflow that it is; an empty string for a job with steps."""
        return str(self.content.get("uses", ""))

    @property
    def steps(self) -> list[Step]:
        """Its steps, the first has number 1."""
        return [
            Step(self.name, number, step)
            for number, step in enumerate(self.content.get("steps", []), start=1)
        ]

    @property
    def needs(self) -> list[str]:
        """The jobs that it waits for."""
        needs = self.content.get("needs", [])
        return [needs] if isinstance(needs, str) else list(needs)


@dataclass(frozen=True)
class Workflow:
    """One file.

    Attributes:
        name: its file's name, such as `ci.yml`.
        text: the file.
    """

    name: str
    text: str
    content: Mapping[str, Any]

    @classmethod
    def parse(cls, name: str, text: str) -> Workflow:
        """Read a workflow from its text."""
        content = yaml.safe_load(text)
        # YAML 1.1 takes the word `on` for true.
        return cls(name, text, {"on" if key is True else key: it for key, it in content.items()})

    @property
    def triggers(self) -> Mapping[str, Any]:
        """Its events with their filters."""
        return {event: filters or {} for event, filters in self.content["on"].items()}

    @property
    def jobs(self) -> list[Job]:
        """Its jobs, as they stand there."""
        return [Job(name, content) for name, content in self.content["jobs"].items()]

    @property
    def steps(self) -> Iterator[Step]:
        """All steps of all jobs."""
        return (step for job in self.jobs for step in job.steps)

    def job(self, name: str) -> Job:
        """The job of that name."""
        return Job(name, self.content["jobs"][name])


Workflows = dict[str, Workflow]


def read(folder: Path = FOLDER) -> Workflows:
    """Return all workflows by their file names."""
    paths = sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")])
    return {
        path.name: Workflow.parse(path.name, path.read_text(encoding="utf-8")) for path in paths
    }


def strings(value: Any) -> Iterator[str]:
    """Yield every text in a piece of YAML, keys left out."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    elif isinstance(value, str):
        yield value


def secrets(value: Any) -> set[str]:
    """The names of the secrets that a piece of YAML asks for."""
    return {name for one in strings(value) for name in re.findall(r"secrets\.(\w+)", one)}
