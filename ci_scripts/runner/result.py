"""What a playbook run said, gathered from ansible-runner's events. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]
# The name of a task that runs a phase of a release, or several of them one after the other.
PHASE_TASK = re.compile(r"Phase (?P<name>[a-z]+(, [a-z]+)*)$")
_VERDICT = "release_verdict"
# Actions that Ansible carries out on the controller, without a connection.
_ON_CONTROLLER = frozenset(
    (
        "assert",
        "debug",
        "fail",
        "include_tasks",
        "meta",
        "notify",
        "set_fact",
        "validate_argument_spec",
    )
)
# Modules whose answers the commands read.
_LOOKING = ("deploy_ledger", "emergency_access", "release_info")
# What runs on edges only.
_OF_EDGES = "proxy_info"
_ANSWERED = ("runner_on_ok", "runner_on_failed", "runner_on_unreachable")


@dataclass
class Result:
    """The outcome of one playbook run.

    Attributes:
        rc: ansible-playbook's exit code.
        hosts: the servers that took part.
        verdicts: the judgements over the fleet, in order, each a dictionary.
        facts: the last value of each fact that a judge in the playbook has set.
        answers: host to the last answer of a module that looks, such as ``release_info``.
        edges: edge to what its HAProxy said, nothing where it could not be asked.
        failures: host to the last failure's message.
        unreachable: host to the reason.
        changed: host to the number of tasks that changed it.
        no_hosts: nothing matched the play's group.
        output: the last lines that Ansible printed, for errors before the first task; where a file
            of the inventory cannot be read, which and why.
        begun: the phases whose task was reached, in order, also where it was then skipped. Several
            in one, such as ``prepare, switch``, are one of these: how far it came is not known.
        remote_calls: host to the number of tasks that ran on it.
        cancelled: whether a signal ended the run.
        hurried: whether a second one came, before what the first had begun was done.
        signals: the numbers of those that came, in order.
    """

    rc: int = 0
    hosts: list[str] = field(default_factory=list)
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    edges: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    no_hosts: bool = False
    output: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    remote_calls: dict[str, int] = field(default_factory=dict)
    cancelled: bool = False
    hurried: bool = False
    signals: list[int] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Take one event in."""
        kind = event.get("event", "")
        data = event.get("event_data") or {}
        if kind in ("verbose", "error") and event.get("stdout"):
            self.output = [*self.output, event["stdout"]][-20:]
        elif kind == "playbook_on_no_hosts_matched":
            self.no_hosts = True
        elif kind == "playbook_on_stats":
            self.hosts = sorted(data.get("processed", {}))
            self.changed = dict(data.get("changed", {}))
        elif kind == "playbook_on_task_start":
            phase = PHASE_TASK.search(str(data.get("name") or data.get("task") or ""))
            self.begun += [phase["name"]] if phase else []
        elif kind.startswith("runner_on_"):
            self._take_task(kind, data)

    def _take_task(self, kind: str, data: dict[str, Any]) -> None:
        host, answer = data.get("host", ""), data.get("res") or {}
        action = str(data.get("task_action", "")).rpartition(".")[2]
        if kind in _ANSWERED and action and action not in _ON_CONTROLLER:
            self.remote_calls[host] = self.remote_calls.get(host, 0) + 1
        if kind in _ANSWERED and action == _OF_EDGES:
            self.edges[host] = answer if kind == "runner_on_ok" else {}
        if kind == "runner_on_unreachable":
            self.unreachable[host] = str(answer.get("msg", "unreachable"))
        elif kind == "runner_on_failed" and not data.get("ignore_errors"):
            self.failures[host] = _message(answer)
        elif kind == "runner_on_ok":
            if action == "set_fact":
                self._judged(answer.get("ansible_facts") or {})
            if data.get("resolved_action", data.get("task_action")) in _LOOKING:
                self.answers[host] = answer

    def _judged(self, facts: dict[str, Any]) -> None:
        """Keep what was set; a plan that was made again replaces the one before."""
        self.facts.update(facts)
        verdict = facts.get(_VERDICT)
        if verdict is not None:
            before = [] if verdict["phase"] == "plan" else self.verdicts
            self.verdicts = [*before, *verdict.get("earlier", []), verdict]


def _message(answer: dict[str, Any]) -> str:
    """Return why a task failed; of a loop, why its first item did."""
    for item in answer.get("results") or []:
        if isinstance(item, dict) and item.get("failed"):
            return _message(item)
    text = str(answer.get("msg") or answer.get("stderr") or "failed")
    detail = str(answer.get("stderr") or "").strip()
    return text if not detail or detail in text else f"{text}: {_cause(detail.splitlines())}"


def _cause(lines: list[str]) -> str:
    """Return the line that says why: most programs end with it, HAProxy begins with it."""
    return next((line for line in lines if line.startswith("[ALERT]")), lines[-1])
