"""One run: the jobs that an event starts, in their order, with what they hand to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..events import Event
from ..expressions import Closed, Scope, condition, fill
from ..graph import combinations, inputs_of, ordered, status_of, triggered
from ..model import Job, Workflow
from .errors import HarnessError
from .job import Done, Execution
from .world import World

_ALL_RIGHTS = {"actions": "write", "contents": "write", "id-token": "write", "packages": "write"}
_READ_RIGHTS = {"actions": "read", "contents": "read"}
_LEVELS = {"none": 0, "read": 1, "write": 2}


@dataclass
class Outcome:
    """How a run ended, by its jobs; a called workflow's jobs have its name before theirs.

    Attributes:
        left_out: combinations that this machine cannot run, such as those with another Python.
        taken: jobs that were taken for passed.
    """

    number: int
    jobs: dict[str, Done] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[str]:
        """The jobs that failed."""
        return [name for name, result in self.results.items() if result == "failure"]

    @property
    def summary(self) -> str:
        """The run's page."""
        return "".join(done.summary for done in self.jobs.values())

    @property
    def seconds(self) -> dict[str, float]:
        """How long each job took."""
        return {name: done.seconds for name, done in self.jobs.items()}

    def explain(self) -> str:
        """What a person wants to see of a run that failed."""
        shown = []
        for name in self.failed:
            if name in self.jobs:
                done = self.jobs[name]
                shown.append(f"{name}: {done.steps}\n{_end(done.log)}")
        return "\n".join(shown) or str(self.results)


@dataclass(frozen=True)
class _Call:
    """What a workflow is started with: by an event alone, or by a job that calls it."""

    inputs: Mapping[str, Any] | None
    secrets: bool
    rights: Mapping[str, str]
    prefix: str = ""


@dataclass
class Run:
    """One run of a workflow of the application's repository.

    Attributes:
        taken: jobs without outputs that are taken for passed, because an earlier run executed their
            lines: a test need not do the same work twice.
    """

    world: World
    event: Event
    taken: tuple[str, ...] = ()

    def execute(self, workflow: Workflow) -> Outcome:
        """Run the workflow to its end; raises HarnessError where GitHub would refuse it."""
        if not triggered(workflow, self.event):
            raise HarnessError(f"{self.event.name} does not start {workflow.name}")
        outcome = Outcome(self.world.next_run(self.event))
        rights = _ALL_RIGHTS if self.event.trusted else _READ_RIGHTS
        self._workflow(workflow, _Call(None, self.event.trusted, rights), outcome)
        return outcome

    def _workflow(self, workflow: Workflow, call: _Call, outcome: Outcome) -> dict[str, Any]:
        results: dict[str, Closed] = {}
        for job in ordered(workflow):
            needs = Closed({name: results[name] for name in job.needs})
            contexts = {
                "github": self.event.context(outcome.number, job.name),
                "inputs": inputs_of(workflow, self.event, call.inputs),
                "needs": needs,
                "vars": dict(self.world.variables),
            }
            status = status_of(workflow, job, results)
            if condition(job.content.get("if"), Scope(contexts), status):
                results[job.name] = self._job(workflow, job, contexts, call, outcome)
            else:
                results[job.name] = Closed(result="skipped", outputs=_empty(job))
                outcome.results[call.prefix + job.name] = "skipped"
        jobs = Closed({name: it for name, it in results.items()})
        declared = workflow.triggers.get("workflow_call", {}).get("outputs", {})
        return {
            name: fill(about["value"], Scope({"jobs": jobs})) for name, about in declared.items()
        }

    def _job(
        self,
        workflow: Workflow,
        job: Job,
        contexts: dict[str, Any],
        call: _Call,
        outcome: Outcome,
    ) -> Closed:
        rights = _granted(job, call, self.event)
        if job.name in self.taken:
            outcome.taken.append(call.prefix + job.name)
            return Closed(result="success", outputs=_empty(job))
        if job.calls:
            return self._called(job, contexts, call, rights, outcome)
        found = Closed(result="success", outputs=_empty(job))
        for matrix in combinations(job, Scope(contexts)):
            # As GitHub shows them: the values behind the name.
            title = "-".join([job.name, *(str(one) for one in matrix.values() if one)])
            if matrix.get("python", "3.11") not in self.world.pythons:
                outcome.left_out.append(call.prefix + title)
                continue
            execution = Execution(
                self.world,
                workflow,
                job,
                self.event,
                outcome.number,
                dict(contexts),
                matrix,
                self._secrets(job, contexts, call),
                rights,
                (call.prefix + title).replace("/", "-").replace(" ", ""),
            )
            done = execution.execute()
            outcome.jobs[call.prefix + title] = done
            found["outputs"] = Closed(done.outputs)
            if done.result != "success":
                found["result"] = done.result
        outcome.results[call.prefix + job.name] = found["result"]
        return found

    def _called(
        self,
        job: Job,
        contexts: dict[str, Any],
        call: _Call,
        rights: Mapping[str, str],
        outcome: Outcome,
    ) -> Closed:
        name, text = self.world.workflow_text(job.calls)
        called = Workflow.parse(name, text)
        given = fill(job.content.get("with", {}), Scope(contexts))
        handed = call.secrets and job.content.get("secrets") == "inherit"
        prefix = f"{call.prefix}{job.name}/"
        outputs = self._workflow(called, _Call(given, handed, rights, prefix), outcome)
        inside = [result for name, result in outcome.results.items() if name.startswith(prefix)]
        result = "failure" if "failure" in inside else "success"
        outcome.results[call.prefix + job.name] = result
        return Closed(result=result, outputs=Closed(outputs))

    def _secrets(self, job: Job, contexts: dict[str, Any], call: _Call) -> dict[str, str]:
        """The secrets of the job's environment, if it has one and they were handed down."""
        environment = fill(job.content.get("environment", ""), Scope({**contexts}))
        name = environment.get("name") if isinstance(environment, dict) else environment
        return dict(self.world.secrets.get(str(name), {})) if call.secrets and name else {}


def _granted(job: Job, call: _Call, event: Event) -> Mapping[str, str]:
    """The rights of a job's token; GitHub starts nothing that asks for more than its caller has."""
    asked: dict[str, str] = job.content.get("permissions", {})
    for right, level in asked.items():
        if _LEVELS[level] > _LEVELS[call.rights.get(right, "none")]:
            if event.trusted:
                raise HarnessError(f"{job.name} asks for {right}: {level}, and may not have it")
    lower = {right: call.rights.get(right, "none") for right in asked}
    return {
        right: level if _LEVELS[level] <= _LEVELS[lower[right]] else lower[right]
        for right, level in asked.items()
    }


def _empty(job: Job) -> Closed:
    return Closed({name: "" for name in job.content.get("outputs", {})})


def _end(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:])
