"""What GitHub tells a workflow of the event that started it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from .expressions import Closed

OWNER, NAME = "you", "shop"
REPOSITORY = f"{OWNER}/{NAME}"
# GitHub tells repositories apart by numbers; a fork is a repository of its own.
REPOSITORY_ID, FORK_ID = 1001, 2002
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
        head_ref: of a pull request, the branch that it comes from; any repository may have it.
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

    @property
    def head_repository_id(self) -> int:
        """The repository that the code comes from."""
        return REPOSITORY_ID if self.trusted else FORK_ID

    @property
    def head_branch(self) -> str:
        """What GitHub says of the run: a pull request's own branch, and of a tag the tag's name."""
        return self.head_ref or self.ref.split("/", 2)[2]

    @property
    def head_sha(self) -> str:
        """The commit that GitHub names with the run: a pull request's own, not the merge."""
        return str(self.payload.get("pull_request", {}).get("head", {}).get("sha") or self.sha)

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


def pull_request(*, fork: bool, sha: str = _SHA, base: str = _BASE, branch: str = "topic") -> Event:
    """A pull request for development; its commit is the merge that GitHub makes to try it."""
    head = {"sha": sha, "ref": branch, "repo": {"fork": fork}}
    payload = {"pull_request": {"number": 7, "head": head, "base": {"sha": base}}}
    return Event(
        "pull_request",
        "refs/pull/7/merge",
        sha,
        payload,
        trusted=not fork,
        head_ref=branch,
        base_ref="development",
    )


def schedule(sha: str = _SHA) -> Event:
    """The weekly run; it starts from the default branch."""
    return Event("schedule", "refs/heads/main", sha, {"schedule": "0 2 * * 1"})


def push_of_tag(tag: str, sha: str = _SHA) -> Event:
    """A push of a tag."""
    return Event("push", f"refs/tags/{tag}", sha, {"before": _BASE, "after": sha})


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
