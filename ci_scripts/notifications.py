"""Notifications from iactl: what a playbook could not send, alerts, and the test of the setup.

Channels and their keys are the inventory's, so Ansible sends: here only facts are put together. A
notification never changes what a command comes to.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .environments import Environment
from .exits import Exit
from .report import Report
from .runner.handover import EVENT
from .runner.result import Event, Result
from .runner.run import run_playbook
from .setup_outcome import judge_setup

NONE, SENT, DEGRADED = "none", "sent", "degraded"
_FACT = "notify_result"
_NOBODY = "No channel is set up, so nobody was told; docs/notifications.md shows how."
_EVENTS = {
    Exit.CANCELLED: "cancelled",
    Exit.NEEDS_HUMAN: "needs_human",
}


class Told:
    """Notices in Ansible's events what the playbook told, and hands them on.

    Attributes:
        results: what came of each event that was told, in order; no secrets are in them.
        pending: whether Ansible ended in the middle of telling.
    """

    def __init__(self, listener: Callable[[Event], None] = lambda event: None) -> None:
        self._listener = listener
        self.results: list[dict[str, Any]] = []
        self.pending = False

    def take(self, event: Event) -> None:
        """Take one of ansible-runner's events in."""
        self._listener(event)
        kind, data = event.get("event", ""), event.get("event_data") or {}
        action = str(data.get("task_action", "")).rpartition(".")[2]
        if action == "notify" and kind == "runner_on_start":
            self.pending = True
        elif action == "notify" and kind == "runner_on_skipped":
            self.pending = False
        elif kind == "runner_on_ok":
            facts = (data.get("res") or {}).get("ansible_facts") or {}
            if _FACT in facts:
                self.results.append(facts[_FACT])
                self.pending = False

    @property
    def last(self) -> dict[str, Any]:
        """The result of the last event; empty when none was told."""
        return self.results[-1] if self.results else {}

    @property
    def owed(self) -> bool:
        """Whether somebody heard of the beginning, or may have, and not of the end."""
        return self.pending or self.last.get("event") == "started"

    @property
    def state(self) -> str:
        """``none``, ``sent``, or ``degraded`` when an event did not reach every channel."""
        if not self.results:
            return DEGRADED if self.pending else NONE
        return SENT if all(one.get("state") == SENT for one in self.results) else DEGRADED


def settle(report: Report, told: Told, inventory: Path, *, check: bool = False) -> None:
    """Tell the end of a release to those who heard of its beginning, and note what came of it.

    Args:
        report: what the release came to; gets ``notify`` among its data.
        told: what the playbook told already.
        inventory: the environment's folder.
        check: whether nothing was to be changed, so that nobody had to be told.
    """
    if told.owed:
        facts = {**told.last.get("facts", {}), **_facts(report), "duration": report.seconds}
        _, more = tell(inventory, _kind(report), facts, told.last.get("receipt", {}))
        told.results += more.results or [{"state": DEGRADED}]
        told.pending = False
    report.data["notify"] = told.state
    if told.state == NONE and not check and len(report.data.get("phases", [])) > 1:
        report.details.append(_NOBODY)
    for result in told.results:
        report.details += [
            f"Not told of '{result.get('event', 'the end')}': {line}" for line in _failed(result)
        ]


def tell(
    inventory: Path, kind: str, facts: dict[str, Any], receipt: dict[str, Any]
) -> tuple[Result | None, Told]:
    """Have Ansible tell one event; never raises.

    Args:
        inventory: the environment's folder.
        kind: the event.
        facts: by the names of the module's options.
        receipt: of an earlier event about the same deploy.

    Returns:
        What the run said, or None when there was none, and what came of the event.
    """
    told = Told()
    # Whoever is told here has nothing left to refuse, and has to hear which channel is down.
    quiet = {"notify_required": False}
    variables = {"notify_event": kind, "notify_receipt": receipt, EVENT: facts, **quiet}
    try:
        return run_playbook("notify", inventory, variables, told.take), told
    except (Exception, KeyboardInterrupt):  # pylint: disable=broad-exception-caught
        return None, told  # whatever it was, it must not turn a finished deploy into a failed one


def health_alert(facts: dict[str, Any], inventory: Path) -> str:
    """Tell that an environment is not healthy.

    Args:
        facts: by the names of the module's options; nothing that servers said is among them.
        inventory: the environment's folder.

    Returns:
        ``sent``, ``degraded``, or ``none`` when no channel is set up.
    """
    result, told = tell(inventory, "health_alert", facts, {})
    return told.state if result is not None and result.rc == 0 else DEGRADED


def test(environment: Environment, actor: str) -> Report:
    """Send a test message to every channel and say how each went."""
    report = Report("notify test", environment.name)
    facts = {"message": "This is a test. Nothing happened.", "actor": actor}
    result, told = tell(environment.folder, "test", facts, {})
    if result is None or not told.results:
        return _untold(report, result)
    channels = told.last["channels"]
    report.data = {"notify": told.state, "channels": channels}
    report.details = [_line(one) for one in channels]
    failed = [one["name"] for one in channels if one["state"] == "failed"]
    report.message = f"Sent by {len(channels) - len(failed)} of {len(channels)} channels."
    if failed:
        report.exit = Exit.FAILED
        report.next_step = (
            f"Correct {', '.join(failed)}; docs/notifications.md explains each cause."
        )
    return report


def _untold(report: Report, result: Result | None) -> Report:
    if result is not None:
        judge_setup(report, result)
    report.data["notify"] = NONE
    if report.exit is Exit.DONE:
        report.exit = Exit.BAD_INPUT
        report.message = f"{report.environment} has no channel, so nobody would be told."
        report.next_step = "docs/notifications.md shows how to set one up."
    return report


def _kind(report: Report) -> str:
    if report.exit is Exit.DONE:
        return "rolled_back" if report.command == "rollback" else "succeeded"
    return _EVENTS.get(report.exit, "failed")


def _facts(report: Report) -> dict[str, Any]:
    return {"message": report.message, "next_step": report.next_step}


def _failed(result: dict[str, Any]) -> list[str]:
    channels = result.get("channels", [])
    lines = [f"{one['name']}: {one['reason']}" for one in channels if one["state"] == "failed"]
    return lines or (["no channel."] if result.get("state") == DEGRADED else [])


def _line(channel: dict[str, Any]) -> str:
    if channel["state"] == "sent":
        return f"{channel['name']}: sent in {channel['seconds']:.1f} s"
    return f"{channel['name']}: {channel['reason']}."
