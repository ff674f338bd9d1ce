"""S4: how the application reaches its database and Redis."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from iadeploy import urls

from ...runner.references import is_reference
from ...runner.values import Server
from ..verdict import Finding, Verdict, judged, not_applicable, not_tested, together
from .context import Source

_ADDRESS_OF = re.compile(
    r"(?:^|_)(?:database|db|postgres(?:ql)?|pg|redis|cache|session|broker)_?(?:url|uri|dsn)$",
    re.IGNORECASE,
)
_POSTGRES = re.compile(r"postgres(?:ql)?(?:\+[a-z0-9_]+)?://", re.IGNORECASE)
_REDIS = re.compile(r"rediss?://", re.IGNORECASE)
_HERE = frozenset(("localhost", "host.docker.internal"))


@dataclass(frozen=True)
class Nearby:
    """What counts as the application's own server.

    Attributes:
        names: host names and addresses.
        network: the containers' network on it.
    """

    names: frozenset[str]
    network: ipaddress.IPv4Network | ipaddress.IPv6Network

    def has(self, host: str) -> bool:
        """Whether a host is this server, or a container on it."""
        if host.lower() in _HERE | self.names:
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return address.is_loopback or address in self.network


def check(source: Source) -> Verdict:
    """Look at each address of a database or Redis that a server's application gets."""

    def look(place: str, server: Server) -> Verdict:
        values = server.role(source.role("release"))
        network = server.role(source.role("host")).value("host_network_subnet")
        host = str(server.variables.get("ansible_host", server.name))
        nearby = Nearby(frozenset((host.lower(),)), ipaddress.ip_network(network))
        settings = {**values.value("release_env"), **values.value("release_secrets")}
        return of_settings(place, {str(name): str(one) for name, one in settings.items()}, nearby)

    return source.each_server(look)


def of_settings(place: str, settings: dict[str, str], nearby: Nearby) -> Verdict:
    """Return the verdict on one application's settings. Pure."""
    known = {
        name: text for name, text in settings.items() if _POSTGRES.match(text) or _REDIS.match(text)
    }
    hidden = sorted(
        name
        for name, text in settings.items()
        if name not in known and _ADDRESS_OF.search(name) and is_reference(text)
    )
    findings = [
        Finding(f"{name}: {fault}", place, 0, f"{name}: {fault}")
        for name, text in known.items()
        for fault in faults(text, nearby)
    ]
    parts = [judged(findings, len(known), "addresses")] if known else []
    if hidden:
        said = (
            f"{', '.join(hidden)} lies in the vault as a whole; keep only the password there, or"
            " set ANSIBLE_VAULT_PASSWORD_FILE."
        )
        parts.append(not_tested(said))
    if not parts:
        return not_applicable("It gets no address of a database or Redis.")
    return together([("", part) for part in parts])


def faults(url: str, nearby: Nearby) -> Iterator[str]:
    """Yield what is wrong with one address; never a part of it."""
    try:
        if _POSTGRES.match(url):
            yield from _postgres(urls.postgres(url), nearby)
        else:
            yield from _redis(urls.redis(url), nearby)
    except ValueError:
        yield "cannot be read as an address"


def _postgres(parts: dict[str, Any], nearby: Nearby) -> Iterator[str]:
    if not parts["password"]:
        yield "has no password"
    if not nearby.has(parts["host"]) and parts["sslmode"] != "verify-full":
        yield f"is on another host, with sslmode {parts['sslmode'] or 'not set'}, not verify-full"


def _redis(parts: dict[str, Any], nearby: Nearby) -> Iterator[str]:
    if not parts["password"]:
        yield "has no password"
    if not nearby.has(parts["host"]) and not parts["tls"]:
        yield "is on another host without TLS; use rediss://"
