"""Keys for tests that prepare an inventory."""

from __future__ import annotations

from tests.fleet.keys import KeyPair

DEPLOY = KeyPair.generate("deploy")
HOST = KeyPair.generate("host")


def pinned(*addresses: str) -> str:
    """Return known_hosts with one line for each address."""
    return "".join(f"{address} {HOST.public}\n" for address in addresses)
