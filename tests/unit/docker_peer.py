"""A Docker Engine on loopback that answers what a test says, and starts nothing."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.peers import faults
from tests.peers.http import HttpServer, Reply, Request

EMPTY: dict[str, Any] = {
    "GET /version": {"ApiVersion": "1.41", "Version": "20.10.24"},
    "GET /_ping": {},
    "GET /containers/json": [],
    "GET /volumes": {"Volumes": []},
    "GET /networks": [],
    "GET /images/json": [],
    "GET /images/json dangling": [],
}


class Refusal(str):
    """What the engine says with status 500."""


class DockerPeer(HttpServer):
    """The engine; `answers` maps a method and a path without version to what is said.

    What it has no answer for is refused with status 404. What is `silent` gets none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answers = dict(EMPTY)
        self.silent = ""

    @property
    def url(self) -> str:
        """What DOCKER_HOST is to be."""
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def asked(self) -> list[str]:
        """All requests so far."""
        return [_asked(one) for one in self.requests]

    def take(self, request: Request) -> faults.Fault | None:
        """Keep a request; say nothing where a test wants silence."""
        fault = super().take(request)
        return faults.hang if _asked(request) == self.silent else fault

    def answer(self, request: Request) -> Reply:
        """Say what the test has put there."""
        asked = _asked(request)
        said = self.answers.get(asked)
        if isinstance(said, Refusal):
            return _reply(500, {"message": said})
        if said is None:
            return _reply(404, {"message": f"no such thing: {asked}"})
        return _reply(200, said)


def _asked(request: Request) -> str:
    path, _, query = request.path.partition("?")
    asked = f"{request.method} {re.sub(r'^/v[0-9.]+(?=/)', '', path)}"
    # Of all filters only this one makes a difference to the tests.
    return f"{asked} dangling" if "dangling" in query else asked


def _reply(status: int, content: Any) -> Reply:
    return Reply(status, json.dumps(content).encode(), {"Content-Type": "application/json"})
