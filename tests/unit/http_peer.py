"""An HTTP server on loopback that answers with exactly the bytes a test wants."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable
from http.client import HTTPConnection
from types import TracebackType

TIMEOUT = 1.0  # seconds; what answers at all must have done so
Behaviour = Callable[[socket.socket, threading.Event], None]


def reply(status: int = 200, body: bytes = b"", *headers: str) -> Behaviour:
    """Answer with a status, a body and further header lines."""
    fixed = (f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", "Connection: close")
    lines = [*fixed, *headers]
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def health(version: str = "", status: int = 200, **checks: str) -> Behaviour:
    """Answer as the application contract's health endpoint does."""
    body = json.dumps({"status": "ok", "version": version, "checks": checks}).encode()
    return reply(status, body, "Content-Type: application/json")


def chunked(*chunks: bytes) -> Behaviour:
    """Answer 200 with a body in chunks."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    return raw(head + b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in (*chunks, b"")))


def raw(answer: bytes) -> Behaviour:
    """Answer with these bytes, then close."""

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(answer)

    return behave


def stall(answer: bytes = b"") -> Behaviour:
    """Send these bytes and then nothing more, with the connection open."""

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(answer)
        ended.wait(10)

    return behave


def late(seconds: float) -> Behaviour:
    """Answer 200 after so many seconds."""

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        ended.wait(seconds)
        reply()(connection, ended)

    return behave


def together(number: int) -> Behaviour:
    """Answer 200 when so many ask at the same time, and nothing where that does not come about."""
    barrier = threading.Barrier(number, timeout=20)

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        try:
            barrier.wait()
        except threading.BrokenBarrierError:
            return
        reply()(connection, ended)

    return behave


def drip(answer: bytes, every: float) -> Behaviour:
    """Send a byte every so many seconds: each one is in time, the whole never comes."""

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        for byte in answer:
            connection.sendall(bytes([byte]))
            if ended.wait(every):
                return

    return behave


class HttpPeer:
    """The server; each connection takes the next behaviour, and the last one stays."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self._behaviours: list[Behaviour] = [reply()]
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        """Its health endpoint."""
        return f"http://127.0.0.1:{self.port}/api/health"

    def answer(self, *behaviours: Behaviour) -> None:
        """Set what the next connections get."""
        self._behaviours = list(behaviours)

    def __enter__(self) -> HttpPeer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more."""
        self._ended.set()
        # close() alone would leave the thread in accept() and the port open.
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                request = b""
                while not _is_whole(request) and (chunk := connection.recv(65536)):
                    request += chunk
                self.requests.append(request)
                behaviours = self._behaviours
                behave = behaviours.pop(0) if len(behaviours) > 1 else behaviours[0]
                behave(connection, self._ended)
            except OSError:
                return


def _is_whole(request: bytes) -> bool:
    """Whether a request has come with all of the body that it announces."""
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: *([0-9]+)", head)
    return bool(end) and len(body) >= int(length[1] if length else 0)


def connection_to(peer: HttpPeer, timeout: float = TIMEOUT) -> HTTPConnection:
    """A connection to the peer, for what asks over one that it is given."""
    return HTTPConnection("127.0.0.1", peer.port, timeout=timeout)
