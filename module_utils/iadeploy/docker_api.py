"""HTTP to the Docker Engine over its UNIX socket: what the Docker SDK does for us elsewhere.

The modules of a release run several times per server and deploy. Importing the SDK costs each of
them more processor time than all of their work, and eight servers wait for it four times over
(docs/benchmark.md), so these few calls go without it.
Paths and fields: Docker Engine API 1.41, docs.docker.com/reference/api/engine/version/v1.41.
"""

from __future__ import annotations

import base64
import http.client
import json
import select
import socket
import time
from collections.abc import Callable, Generator
from typing import Any
from urllib.parse import urlencode

from .errors import DeployError
from .tether import is_cut

SOCKET = "/var/run/docker.sock"
# Docker 20.10 knows no later version, Docker 29 no earlier one than 1.44.
_OLDEST, _NEWEST = (1, 41), (1, 44)
_LOOK = 0.1  # seconds between two looks for the controller while the engine takes its time


class ApiError(Exception):
    """The engine refused a call.

    Attributes:
        status: its HTTP status.
        said: its words.
    """

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status
        self.said = said


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection over a UNIX socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("docker", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class DockerApi:
    """The engine behind one connection, which is opened again when it was closed.

    Args:
        connection: where the engine listens; its timeout, in seconds, is for every single answer.
    """

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection
        self._prefix: str | None = None

    def get(self, path: str, query: dict[str, Any] | None = None, **options: Any) -> Any:
        """Return the JSON that ``GET path`` answers.

        Raises:
            ApiError: the engine refused.
            OSError, http.client.HTTPException: it does not answer.
        """
        return _decoded(self._send("GET", path, query, **options))

    def post(self, path: str, query: dict[str, Any] | None = None, **options: Any) -> Any:
        """Return the JSON that ``POST path`` answers, or None. Raises as ``get`` does."""
        return _decoded(self._send("POST", path, query, **options))

    def delete(self, path: str, query: dict[str, Any] | None = None) -> Any:
        """Return the JSON that ``DELETE path`` answers, or None. Raises as ``get`` does."""
        return _decoded(self._send("DELETE", path, query))

    def read(self, path: str, query: dict[str, Any] | None = None) -> bytes:
        """Return the bytes that ``GET path`` answers. Raises as ``get`` does."""
        return self._send("GET", path, query).read()

    def lines(
        self, path: str, query: dict[str, Any], **options: Any
    ) -> Generator[dict[str, Any], None, None]:
        """Yield the JSON lines that ``POST path`` answers, as they come. Raises as ``get`` does."""
        answer = self._send("POST", path, query, **options)
        try:
            for line in answer:
                if line.strip():
                    yield json.loads(line)
        finally:
            if not answer.isclosed():  # somebody stopped listening; the rest is of no use
                self._connection.close()

    def _send(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None = None,
        *,
        body: Any = None,
        auth: dict[str, str] | None = None,
        patience: float = 0.0,
        may_go_on: Callable[[], None] | None = None,
    ) -> http.client.HTTPResponse:
        """Send one request and return its answer, unread.

        Args:
            auth: the registry's login, for calls that ask a registry.
            patience: seconds that the answer may take beyond the connection's timeout.
            may_go_on: asked while the answer is awaited; raises DeployError when there is no more
                reason to wait. The engine goes on with what it was asked for.
        """
        if self._prefix is None:
            self._prefix = self._version()
        headers = {"Content-Type": "application/json"}
        if auth:
            headers["X-Registry-Auth"] = base64.urlsafe_b64encode(
                json.dumps(auth).encode()
            ).decode()
        target = f"{self._prefix}{path}" + (f"?{urlencode(query)}" if query else "")
        data = json.dumps(body).encode() if body is not None else None
        answer = self._exchange(method, target, data, headers, patience, may_go_on)
        if answer.status >= 400:
            raise ApiError(answer.status, _said(answer.read()))
        return answer

    def _exchange(
        self,
        method: str,
        target: str,
        data: bytes | None,
        headers: dict[str, str],
        patience: float = 0.0,
        may_go_on: Callable[[], None] | None = None,
    ) -> http.client.HTTPResponse:
        if self._connection.sock is not None and is_cut(self._connection.sock.fileno()):
            self._connection.close()  # the engine was restarted since the last call
        try:
            self._connection.request(method, target, data, headers)
            if self._connection.sock is not None:
                self._connection.sock.settimeout((self._connection.timeout or 0) + patience)
                if may_go_on is not None:
                    _await_answer(self._connection.sock, may_go_on)
            return self._connection.getresponse()
        except (OSError, http.client.HTTPException, DeployError):
            self._connection.close()
            raise

    def _version(self) -> str:
        """Return the path's prefix for the newest version that both sides know."""
        answer = self._exchange("GET", "/_ping", None, {})
        answer.read()
        theirs = tuple(
            int(part) for part in answer.headers.get("Api-Version", "").split(".") if part.isdigit()
        )
        major, minor = max(_OLDEST, min(theirs or _OLDEST, _NEWEST))
        return f"/v{major}.{minor}"


def _await_answer(sock: socket.socket, may_go_on: Callable[[], None]) -> None:
    """Wait for the first bytes of an answer.

    Raises:
        DeployError: there is no more reason to wait.
        TimeoutError: the connection's time has passed.
    """
    ends = time.monotonic() + (sock.gettimeout() or 0)
    while not select.select([sock], [], [], _LOOK)[0]:
        may_go_on()
        if time.monotonic() >= ends:
            raise TimeoutError("timed out")


def _decoded(answer: http.client.HTTPResponse) -> Any:
    text = answer.read()
    return json.loads(text) if text else None


def _said(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", errors="replace")
