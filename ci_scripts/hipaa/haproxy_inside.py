"""The way from an edge to the application's servers. Pure.

45 CFR 164.312(e)(1) asks to guard health data on a network; encryption is addressable there, so a
private network may do without it when the risk analysis says why. A public one may not.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .haproxy import Section

# Addresses that no router of the internet carries: RFC 1918, RFC 4193, and the server itself.
# Python's is_private counts documentation's addresses and others too.
_PRIVATE = [
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7")
]
_SLOTS = ("blue", "green")  # on the server itself
_EDGES_ONLY = ("tcp-request", "connection", "reject", "unless", "edge")
_BY_ITSELF = ["or", "{", "src", "127.0.0.0/8", "}"]


@dataclass(frozen=True)
class _Hop:
    backend: str
    server: str
    address: str
    options: tuple[str, ...]

    @property
    def encrypted(self) -> bool:
        return "ssl" in self.options

    @property
    def verified(self) -> bool:
        pairs = zip(self.options, self.options[1:], strict=False)
        return ("verify", "required") in pairs


def for_edges_only(entrance: Section) -> bool:
    """Whether an entrance turns away everybody but the edges and the server itself."""
    return any(rest in ([], _BY_ITSELF) for rest in entrance.starting(*_EDGES_ONLY))


def unprotected_hops(sections: Iterable[Section]) -> Iterator[str]:
    """Yield the ways to a server on which others could read or answer, one sentence each."""
    for hop in _hops(sections):
        if not hop.encrypted and not _is_private(hop.address):
            yield (
                f"{hop.backend} sends plain HTTP to {hop.server} at {hop.address}, which is no"
                " private address: proxy_inside_ca is empty"
            )
        elif hop.encrypted and not hop.verified:
            yield f"{hop.backend} does not verify the certificate of {hop.server}"


def plain_hops(sections: Iterable[Section]) -> Iterator[str]:
    """Yield what the risk analysis has to answer for: plain HTTP to other servers."""
    found = [one for one in _hops(sections) if not one.encrypted and one.server not in _SLOTS]
    if found:
        yield (
            "plain HTTP to the inside, on private addresses; say in the risk analysis why that"
            " network is trusted, or set proxy_inside_ca"
        )


def _hops(sections: Iterable[Section]) -> Iterator[_Hop]:
    for section in sections:
        if section.kind != "backend":
            continue
        shared = [word for words in section.starting("default-server") for word in words]
        for name, target, *options in section.starting("server"):
            address = target.rpartition(":")[0]
            yield _Hop(section.name, name, address, (*shared, *options))


def _is_private(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False  # a name may lead anywhere
    return any(found in network for network in _PRIVATE)
