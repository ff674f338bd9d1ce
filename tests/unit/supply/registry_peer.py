"""A registry with TLS that asks for a token first, as GitHub's does, or for a password."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
USER, PASSWORD, TOKEN = "robot", "sentinel-password-3e", "sentinel-bearer-8f"


def manifest(image_id: str) -> bytes:
    """Return a manifest of one image."""
    return json.dumps({"schemaVersion": 2, "config": {"digest": image_id}, "layers": []}).encode()


class RegistryPeer:
    """The registry; `scheme` is ``bearer``, ``basic``, or ``plain`` for a realm without TLS.

    Attributes:
        manifests: what it has: media type and bytes, by tag.
        scopes: what tokens were asked for.
    """

    def __init__(self, certificate: Path, scheme: str = "bearer") -> None:
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.scopes: list[str] = []
        self.scheme = scheme
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    @property
    def host(self) -> str:
        """Its address as the first part of a repository's name."""
        return f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> RegistryPeer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def challenge(self) -> str:
        """Return what it asks for."""
        if self.scheme == "basic":
            return 'Basic realm="rig"'
        transport = "https" if self.scheme == "bearer" else "http"
        realm = f"{transport}://{self.host}/token"
        return f'Bearer realm="{realm}",service="peer",scope="repository:shop:pull,push"'

    def admits(self, header: str) -> bool:
        """Whether a request's log-in is right."""
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return header == (f"Basic {basic}" if self.scheme == "basic" else f"Bearer {TOKEN}")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        peer = self

        class Handler(BaseHTTPRequestHandler):
            """Answers for the peer."""

            def do_GET(self) -> None:
                """Answer with a token or a manifest."""
                url = urlsplit(self.path)
                if url.path == "/token":
                    self._token(parse_qs(url.query)["scope"][0])
                elif self._admitted():
                    kind, raw = peer.manifests.get(self._tag(), ("", b""))
                    self._send(200 if raw else 404, raw, ("Content-Type", kind))

            def do_PUT(self) -> None:
                """Keep a manifest."""
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                if self._admitted():
                    peer.manifests[self._tag()] = (self.headers["Content-Type"], raw)
                    self._send(201, b"")

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

            def _tag(self) -> str:
                return self.path.rpartition("/")[2]

            def _token(self, scope: str) -> None:
                basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
                peer.scopes.append(scope)
                good = self.headers.get("Authorization") == f"Basic {basic}"
                self._send(200 if good else 403, json.dumps({"token": TOKEN}).encode())

            def _admitted(self) -> bool:
                if peer.admits(self.headers.get("Authorization", "")):
                    return True
                self._send(401, b"", ("WWW-Authenticate", peer.challenge()))
                return False

            def _send(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
                self.send_response(status)
                for name, value in (*headers, ("Content-Length", str(len(body)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        return Handler
