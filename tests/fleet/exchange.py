"""One HTTP exchange as a steady client makes it, without a library's cost."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LONGEST_HEAD = 64 * 1024  # bytes


class BadAnswer(Exception):
    """The peer closed early, or what it sent is not HTTP."""


class NoAnswer(BadAnswer):
    """The peer closed the connection before the first byte of an answer."""


@dataclass(frozen=True)
class Target:
    """A URL, taken apart once. A fragment is the host name to ask for at that address."""

    url: str
    host: str
    port: int
    path: str
    tls: bool
    name: str

    @classmethod
    def parse(cls, url: str) -> Target:
        """Take a URL apart; ValueError when it is not http or https."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not an http or https URL")
        tls = parts.scheme == "https"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        port = parts.port or (443 if tls else 80)
        name = parts.fragment or f"{parts.hostname}:{port}"
        return cls(url, parts.hostname, port, path, tls, name)

    def request(self, *, keep: bool) -> bytes:
        """The bytes of a GET."""
        lines = [f"GET {self.path} HTTP/1.1", f"Host: {self.name}"]
        lines += ["User-Agent: prober", "Accept: */*"]
        lines += [f"Connection: {'keep-alive' if keep else 'close'}", "", ""]
        return "\r\n".join(lines).encode()


@dataclass
class Answer:
    """What came back; `reusable` says whether the connection may carry another request."""

    status: int
    body: bytes
    reusable: bool


@dataclass
class Connection:
    """An open connection to a target."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: float = field(default_factory=time.monotonic)

    @classmethod
    async def open(cls, target: Target, trust: ssl.SSLContext | None) -> Connection:
        """Connect; OSError when that fails."""
        context = trust if target.tls else None
        return cls(
            *await asyncio.open_connection(
                target.host, target.port, ssl=context, limit=_LONGEST_HEAD
            )
        )

    async def get(self, target: Target, *, keep: bool) -> Answer:
        """Send one GET and read the whole answer; OSError or BadAnswer when that fails."""
        head = await self._head(target.request(keep=keep))
        self.used = time.monotonic()
        status, headers = _parse_head(head)
        try:
            body, framed = await self._body(headers)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise BadAnswer("closed within the answer's body") from error
        wants_close = headers.get("connection", "").lower() == "close"
        return Answer(status, body, keep and framed and not wants_close)

    def close(self) -> None:
        """Drop the connection."""
        self.writer.close()

    async def _head(self, request: bytes) -> bytes:
        try:
            self.writer.write(request)
            await self.writer.drain()
            return await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise BadAnswer("closed within the answer's head") from error
            raise NoAnswer("closed without an answer") from error
        except ConnectionError as error:
            raise NoAnswer("reset without an answer") from error
        except asyncio.LimitOverrunError as error:
            raise BadAnswer("the answer's head has no end") from error

    async def _body(self, headers: dict[str, str]) -> tuple[bytes, bool]:
        """The body, and whether its end was marked."""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return await self._chunks(), True
        length = headers.get("content-length", "")
        if length.isdigit():
            return await self.reader.readexactly(int(length)), True
        return await self.reader.read(), False

    async def _chunks(self) -> bytes:
        body = b""
        while True:
            line = await self.reader.readuntil(b"\r\n")
            try:
                size = int(line.split(b";")[0], 16)
            except ValueError as error:
                raise BadAnswer("a chunk without a size") from error
            chunk = await self.reader.readexactly(size + 2)
            if size == 0:
                return body
            body += chunk[:-2]


def _parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    match first.split(" ", 2):
        case [version, status, *_] if version.startswith("HTTP/1.") and status.isdigit():
            pairs = (line.partition(":") for line in lines if ":" in line)
            return int(status), {key.strip().lower(): value.strip() for key, _, value in pairs}
    raise BadAnswer(f"not HTTP: {first[:80]!r}")
