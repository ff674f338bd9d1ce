"""What GitHub tells a workflow of the event that started it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from .expressions import Closed

OWNER, NAME = "you", "shop"
REPOSITORY = f"{OWNER}/{NAME}"
_SHA = "5f" * 20
_BASE = "0d" * 20


@dataclass(frozen=True)
class Event:
    """One event.

    Attributes:
        name: as GitHub calls it, such as `push`.
        ref: in full, such as `refs/heads/main`.
        payload: what stands in the file of GITHUB_EVENT_PATH.
        inputs: what was typed, of an event by hand.
        trusted: False for a pull request from a fork: no secret, and a token that only reads.
    """

    name: str
    ref: str
    sha: str = _SHA
    payload: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    trusted: bool = True
    head_ref: str = ""
    base_ref: str = ""

    def at(self, sha: str) -> Event:
        """The same event about another commit."""
        return replace(self, sha=sha)

    def as_json(self) -> str:
        """The file of GITHUB_EVENT_PATH."""
        return json.dumps({**self.payload, "inputs": self.inputs} if self.inputs else self.payload)

    def context(
        self,
        run: int = 1,
        job: str = "",
        actor: str = "alice",
        token: str = "",
        address: str = "https://github.com",
    ) -> Closed:
        """The context `github`; `run` is the run's number."""
        return Closed(
            actor=actor,
            base_ref=self.base_ref,
            event=self.payload,
            event_name=self.name,
            head_ref=self.head_ref,
            job=job,
            ref=self.ref,
            ref_name=self.ref.split("/", 2)[2],
            repository=REPOSITORY,
            repository_owner=OWNER,
            run_attempt="1",
            run_id=str(run),
            api_url=f"{address}/api",
            server_url=address,
            sha=self.sha,
            token=token,
            workflow="ci",
        )


def push(branch: str, sha: str = _SHA) -> Event:
    """A push to a branch."""
    return Event("push", f"refs/heads/{branch}", sha, {"before": _BASE, "after": sha})


def pull_request(*, fork: bool, sha: str = _SHA, base: str = _BASE) -> Event:
    """A pull request for development; its commit is the merge that GitHub makes to try it."""
    head = {"sha": sha, "ref": "topic", "repo": {"fork": fork}}
    payload = {"pull_request": {"number": 7, "head": head, "base": {"sha": base}}}
    return Event(
        "pull_request",
        "refs/pull/7/merge",
        sha,
        payload,
        trusted=not fork,
        head_ref="topic",
        base_ref="development",
    )


def schedule(sha: str = _SHA) -> Event:
    """The weekly run; it starts from the default branch."""
    return Event("schedule", "refs/heads/main", sha, {"schedule": "0 2 * * 1"})


def by_hand(branch: str = "main", **inputs: Any) -> Event:
    """Somebody pressed the button."""
    return Event("workflow_dispatch", f"refs/heads/{branch}", inputs=inputs)


EVERY = {
    "push to main": push("main"),
    "push to development": push("development"),
    "own pull request": pull_request(fork=False),
    "pull request from a fork": pull_request(fork=True),
    "schedule": schedule(),
    "by hand": by_hand(),
}
