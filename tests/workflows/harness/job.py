"""One job: a clean workspace, its steps one after the other, its outputs."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..events import REPOSITORY, Event
from ..expressions import Closed, ExpressionError, Scope, Status, condition, fill
from ..model import Job, Step, Workflow
from . import actions, hashes, services
from .command_files import CommandFiles
from .errors import HarnessError
from .shell import execute
from .world import World

_OWN = "$/"
# What this machine's own session has and a runner has not.
_NOT_PASSED = ("GITHUB_", "RUNNER_", "ACTIONS_", "VIRTUAL_ENV", "PYTHON", "IADEPLOY_", "PYTEST_")


@dataclass
class Done:
    """How a job ended.

    Attributes:
        steps: what each step was and came to.
    """

    result: str
    outputs: dict[str, str]
    seconds: float
    summary: str
    log: Path
    steps: list[tuple[str, str]]


@dataclass
class Execution:
    """A job with all that its steps can see."""

    world: World
    workflow: Workflow
    job: Job
    event: Event
    run: int
    contexts: dict[str, Any]
    matrix: Closed
    secrets: Mapping[str, str]
    rights: Mapping[str, str]
    name: str
    status: Status = Status()
    steps: Closed = field(default_factory=Closed)
    paths: list[str] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)

    def execute(self) -> Done:
        """Run the job to its end."""
        started = time.monotonic()
        self._prepare()
        with services.running(self.job) as ports:
            self.contexts["job"]["services"] = ports
            for step in self.job.steps:
                self._step(step, self.scope())
        for act in self.desk.after:
            act()
        result = "failure" if self.status.failed else "success"
        outputs = fill(self.job.content.get("outputs", {}), self.scope())
        shutil.rmtree(self.world.workspace)
        summary = "".join(files.summary for files in self.files)
        texts = {name: str(value or "") for name, value in outputs.items()}
        return Done(result, texts, time.monotonic() - started, summary, self.log, self.said)

    def scope(self, extra: Mapping[str, Any] | None = None) -> Scope:
        """What an expression in a step may look at."""
        contexts = {**self.contexts, "steps": self.steps, "env": dict(self.env), **(extra or {})}
        return Scope(contexts, functions=hashes.of(self.world.workspace))

    def _prepare(self) -> None:
        shutil.rmtree(self.world.workspace, ignore_errors=True)
        self.world.workspace.mkdir()
        self.temporary = self.world.folder / "temporary" / f"{self.run}-{self.name}"
        self.temporary.mkdir(parents=True)
        self.log = self.world.folder / "logs" / f"{self.run}-{self.name}.log"
        self.log.touch()
        self.files: list[CommandFiles] = []
        world = self.world
        self.contexts = {
            **self.contexts,
            "github": self.event.context(
                self.run, self.job.name, world.actor, world.token, world.address
            ),
            "job": Closed(
                workflow_repository="innerarchitect/innerarchitect-deploy",
                workflow_sha=self.world.toolkit_commit,
                services=Closed(),
            ),
            "matrix": self.matrix,
            "runner": Closed(os="Linux", arch="X64", temp=str(self.temporary)),
            "secrets": dict(self.secrets),
            "vars": dict(self.world.variables),
        }
        self.env: dict[str, str] = {}
        for content in (self.workflow.content, self.job.content):
            filled = fill(content.get("env", {}), self.scope())
            self.env |= {name: _text(value) for name, value in filled.items()}
        self.desk = actions.Desk(
            self.world,
            self.event,
            self.run,
            self.world.workspace,
            self.temporary,
            self.rights,
            self.paths,
            self.env,
        )

    def _step(self, step: Step, scope: Scope) -> None:
        name = str(step.content.get("id") or f"__{step.number}")
        title = str(step)
        if not condition(step.content.get("if"), scope, self.status):
            self.steps[name] = Closed(outputs={}, outcome="skipped", conclusion="skipped")
            self.said.append((title, "skipped"))
            return
        self._say(f"\n### {title}\n")
        try:
            outputs = self._act(step, scope)
            outcome = "success"
        except (HarnessError, ExpressionError) as error:
            self._say(f"{error}\n")
            outputs, outcome = {}, "failure"
        forgiven = outcome == "failure" and step.content.get("continue-on-error") is True
        self.steps[name] = Closed(
            outputs=outputs, outcome=outcome, conclusion="success" if forgiven else outcome
        )
        self.said.append((title, outcome))
        if outcome == "failure" and not forgiven:
            self.status = Status(failed=True)

    def _act(self, step: Step, scope: Scope) -> dict[str, str]:
        env = {**self.env, **_texts(fill(step.env, scope))}
        if step.run:
            shell = str(step.content.get("shell") or self._default_shell())
            return self._line(step.run, shell, env, {})
        uses = str(step.content["uses"])
        inputs = fill(step.inputs, scope)
        if uses.startswith(_OWN):
            return self._composite(uses.removeprefix(_OWN), inputs, env)
        return actions.use(step.action, inputs, self.desk)

    def _composite(
        self, path: str, given: Mapping[str, Any], env: dict[str, str]
    ) -> dict[str, str]:
        folder = self.world.toolkit / path
        content = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))
        declared = content.get("inputs", {})
        unknown = set(given) - set(declared)
        if unknown:
            raise HarnessError(f"{path} has no input {', '.join(sorted(unknown))}")
        inputs = Closed({name: given.get(name, it.get("default")) for name, it in declared.items()})
        # It sees its own steps, and none of the job's.
        steps = Closed()
        for number, one in enumerate(content["runs"]["steps"], start=1):
            step = Step(path, number, one)
            scope = self.scope({"inputs": inputs, "steps": steps})
            if step.run:
                own = {**env, **_texts(fill(step.env, scope))}
                place = {"GITHUB_ACTION_PATH": str(folder)}
                outputs = self._line(step.run, str(one["shell"]), own, place)
            else:
                outputs = actions.use(step.action, fill(step.inputs, scope), self.desk)
            steps[str(one.get("id") or f"__{number}")] = Closed(outputs=outputs)
        scope = self.scope({"inputs": inputs, "steps": steps})
        given_out = {name: about["value"] for name, about in content.get("outputs", {}).items()}
        return _texts(fill(given_out, scope))

    def _line(
        self, line: str, shell: str, env: Mapping[str, str], extra: Mapping[str, str]
    ) -> dict[str, str]:
        files = CommandFiles.fresh(self.temporary / f"step-{len(self.files)}")
        self.files.append(files)
        environment = {**self._machine(), **env, **files.env, **extra}
        offline = line.removeprefix("release/.venv/bin/").startswith(self.world.offline)
        code = execute(line, shell, environment, self.world.workspace, self.log, offline=offline)
        if code != 0:
            raise HarnessError(f"exit code {code}")
        self.env |= files.variables
        self.paths[:0] = files.paths
        return files.outputs

    def _machine(self) -> dict[str, str]:
        """The runner's own variables."""
        event_file = self.temporary / "event.json"
        if not event_file.exists():
            event_file.write_text(self.event.as_json(), encoding="utf-8")
        passed = {
            name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED)
        }
        github = self.contexts["github"]
        tools = [*self.paths, *map(str, self.world.tools), passed["PATH"]]
        return {
            **passed,
            **self.world.machine,
            "CI": "true",
            "GH_ANSWERS": str(self.world.answer_file(self.rights)),
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": github["actor"],
            "GITHUB_API_URL": github["api_url"],
            "GITHUB_BASE_REF": github["base_ref"],
            "GITHUB_EVENT_NAME": github["event_name"],
            "GITHUB_EVENT_PATH": str(event_file),
            "GITHUB_HEAD_REF": github["head_ref"],
            "GITHUB_JOB": self.job.name,
            "GITHUB_REF": github["ref"],
            "GITHUB_REF_NAME": github["ref_name"],
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": str(self.run),
            "GITHUB_SERVER_URL": github["server_url"],
            "GITHUB_SHA": github["sha"],
            "GITHUB_WORKFLOW": self.workflow.name,
            "GITHUB_WORKSPACE": str(self.world.workspace),
            "HOME": str(self.world.folder / "home"),
            "PATH": os.pathsep.join(tools),
            "RUNNER_TEMP": str(self.temporary),
        }

    def _default_shell(self) -> str:
        return str(self.workflow.content.get("defaults", {}).get("run", {}).get("shell", ""))

    def _say(self, text: str) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.write(text)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items()}
