"""The members of a rig, as its state describes them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from . import cache, database, network, registry
from .cache import Cache
from .container import Member
from .database import Database
from .labels import Identity
from .registry import Registry
from .server import Server
from .state import State

CLIENT_KEY = "id_ed25519"
KNOWN_HOSTS = "known_hosts"
CACHE_PASSWORD = "cache.password"


@dataclass
class Members:
    """What a rig consists of; None for what it was made without."""

    servers: list[Server]
    registry: Registry | None
    database: Database | None
    cache: Cache | None

    @property
    def everyone(self) -> list[Member]:
        """All of them, what the servers need first."""
        services = [self.registry, self.database, self.cache]
        return [*(one for one in services if one is not None), *self.servers]

    @classmethod
    def of(cls, identity: Identity, state: State) -> Members:
        """The members that a state describes."""
        folder = identity.folder
        subnet = ipaddress.IPv4Network(state.subnet)
        servers = [
            Server(
                identity,
                name,
                it.address,
                it.http_port,
                it.host_key,
                folder / CLIENT_KEY,
                folder / KNOWN_HOSTS,
            )
            for name, it in state.servers.items()
        ]
        members = cls(servers, None, None, None)
        if state.registry_port is not None:
            address = str(subnet[network.REGISTRY])
            members.registry = Registry(
                identity, registry.ROLE, address, state.registry_port, folder
            )
        if state.database:
            address = str(subnet[network.DATABASE])
            members.database = Database(identity, database.ROLE, address)
            password = (folder / CACHE_PASSWORD).read_text(encoding="ascii")
            address = str(subnet[network.CACHE])
            members.cache = Cache(identity, cache.ROLE, address, password)
        return members
