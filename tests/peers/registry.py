"""A registry that never does what it should."""

from __future__ import annotations

import ssl
from pathlib import Path

from tests.fleet.certificates import Authority
from tests.fleet.registry import HOST

from .http import HttpServer, Reply, Request


class BadRegistry(HttpServer):
    """Stands in the rig's registry's place with a certificate that the servers trust.

    Args:
        address: where it listens.
        authority: the rig's folder, with its certificate authority.
        folder: where its certificate may lie.
    """

    def __init__(self, address: str, authority: Path, folder: Path) -> None:
        issued = Authority(authority).issue(HOST, addresses=[address])
        chain = folder / "registry.pem"
        chain.write_bytes(issued.certificate + issued.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        super().__init__(address, context)

    def answer(self, request: Request) -> Reply:
        """Answer as a registry without a single image."""
        return Reply(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
