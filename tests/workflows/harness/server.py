"""GitHub's own address: branches for git, and who approved a run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from tests.peers.http import HttpServer, Reply, Request

from ..events import REPOSITORY
from .world import git

_APPROVALS = re.compile(rf"/api/repos/{REPOSITORY}/actions/runs/\d+/approvals")


class Server(HttpServer):
    """Answers what the workflows' commands ask, and nothing else.

    Attributes:
        approvals: environment to who approved its deploys; who is in it may be changed.
    """

    def __init__(self, repository: Path, token: str, approvals: Mapping[str, str]) -> None:
        super().__init__()
        self._repository, self._token, self.approvals = repository, token, approvals

    def answer(self, request: Request) -> Reply:
        """Answer as GitHub does."""
        path = request.path.partition("?")[0]
        if path == f"/{REPOSITORY}/info/refs":
            return Reply(200, self._branches(), {"Content-Type": "text/plain"})
        if path == f"/{REPOSITORY}/HEAD":
            return Reply(200, b"ref: refs/heads/main\n")
        if _APPROVALS.fullmatch(path):
            if request.headers.get("authorization") != f"Bearer {self._token}":
                return Reply(401)
            return Reply(200, json.dumps(self._approved()).encode())
        return Reply(404)

    def _branches(self) -> bytes:
        """As a plain web server would have them; git understands that too."""
        form = "--format=%(objectname)%09%(refname)"
        return (git(self._repository, "for-each-ref", form, "refs/heads") + "\n").encode()

    def _approved(self) -> list[object]:
        return [
            {"state": "approved", "user": {"login": who}, "environments": [{"name": where}]}
            for where, who in self.approvals.items()
        ]
