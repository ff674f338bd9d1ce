"""A Docker Engine on loopback that answers what a test says, and starts nothing."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

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


class DockerPeer:
    """The engine; `answers` maps a method and a path without version to what is said.

    What it has no answer for is refused with status 404. `asked` holds all requests so far.
    """

    def __init__(self) -> None:
        self.answers = dict(EMPTY)
        self.asked: list[str] = []
        # A path here is answered only when the peer ends.
        self.silent = ""
        self._ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        # A connection that is gone again before it is accepted must not be waited for, accept(2).
        self._server.socket.setblocking(False)

    @property
    def url(self) -> str:
        """What DOCKER_HOST is to be."""
        return f"tcp://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> DockerPeer:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        peer = self

        class Handler(BaseHTTPRequestHandler):
            """Answers one request."""

            def answer(self) -> None:
                """Say what the test has put there."""
                path, _, query = self.path.partition("?")
                asked = f"{self.command} {re.sub(r'^/v[0-9.]+(?=/)', '', path)}"
                # Of all filters only this one makes a difference to the tests.
                asked += " dangling" if "dangling" in query else ""
                peer.asked.append(asked)
                if asked == peer.silent:
                    peer._ended.wait(10)
                said = peer.answers.get(asked)
                if isinstance(said, Refusal):
                    self.say(500, {"message": said})
                elif said is None:
                    self.say(404, {"message": f"no such thing: {asked}"})
                else:
                    self.say(200, said)

            do_GET = do_POST = do_DELETE = answer

            def say(self, status: int, content: Any) -> None:
                """Send JSON."""
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                """Stay silent."""

        return Handler
