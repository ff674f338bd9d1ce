"""An HTTP server that a stand-in derives from."""

from __future__ import annotations

import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from .faults import Fault


@dataclass(frozen=True)
class Request:
    """One request as it came.

    Attributes:
        method: its method.
        path: its path with the query.
        headers: its headers; names in lower case.
        body: its body.
        at: when it came, in seconds of the monotonic clock.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class HttpServer:
    """Answers as ``answer`` of the derived class says, unless it was told to misbehave.

    Args:
        address: where it listens.
        tls: makes it speak TLS.
    """

    def __init__(self, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self._faults: list[Fault | None] = []
        self._for_good: Fault | None = None
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer((address, 0), _handler(self))
        if tls is not None:
            # Each connection shakes hands in its own thread: one that does not must not block.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._server.daemon_threads = True
        # A connection that is gone again before it is accepted must not be waited for, accept(2).
        self._server.socket.setblocking(False)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        """Its address as a URL without a path."""
        return f"http://127.0.0.1:{self.port}"

    def misbehave(self, *faults: Fault | None, for_good: Fault | None = None) -> None:
        """Have the next requests meet these faults, None for none, and all after them another."""
        with self._lock:
            self._faults, self._for_good = list(faults), for_good

    def pauses(self) -> list[float]:
        """Return the seconds between the requests that came."""
        times = [one.at for one in self.requests]
        return [later - sooner for sooner, later in zip(times, times[1:], strict=False)]

    def answer(self, request: Request) -> Reply:
        """Return the proper answer to a request."""
        raise NotImplementedError

    def take(self, request: Request) -> Fault | None:
        """Keep a request; return the fault that it meets."""
        with self._lock:
            self.requests.append(request)
            return self._faults.pop(0) if self._faults else self._for_good

    def __enter__(self) -> Self:
        self._thread.start()
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

    @property
    def ended(self) -> threading.Event:
        """Set when the server is to end; a fault that waits ends with it."""
        return self._ended


def _handler(server: HttpServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Hands each request over."""

        def _take(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(size)
            request = Request(self.command, self.path, headers, body, time.monotonic())
            fault = server.take(request)
            self.close_connection = True
            try:
                if fault is not None:
                    fault(self.connection, server.ended)
                else:
                    self._send(server.answer(request))
            except OSError:
                return  # the other side has gone

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _take

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

        def finish(self) -> None:
            """Close; a connection that was reset has nothing to flush."""
            try:
                super().finish()
            except OSError:
                return

    return Handler
