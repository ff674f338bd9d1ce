"""Put a rig together: images, network, keys, then every member at once."""

from __future__ import annotations

import ipaddress
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import cache, database, images, network, ports, registry, server
from .certificates import Authority
from .errors import RigError
from .home import write_private
from .keys import KeyPair
from .labels import Identity
from .members import CACHE_PASSWORD, CLIENT_KEY, KNOWN_HOSTS, Members
from .state import ServerState, State

Progress = Callable[[str], None]
_AT_ONCE = 8


@dataclass(frozen=True)
class Order:
    """What a rig shall consist of."""

    servers: int = 2
    flavour: str = "ready"
    registry: bool = True
    database: bool = True
    keep: bool = False

    def check(self) -> None:
        """Raise RigError when this cannot be built."""
        if not 0 <= self.servers <= network.MOST_SERVERS:
            raise RigError(f"{self.servers} servers: a rig has 0 to {network.MOST_SERVERS}")


def build(
    identity: Identity, order: Order, subnet: ipaddress.IPv4Network, progress: Progress
) -> State:
    """Build the rig on its network and return its state; RigError when a member does not come up.

    Leaves what it made to the caller to remove.
    """
    server_image = images.server(order.flavour, progress)
    services_image = images.services(progress)
    host_keys = {f"web{n}": KeyPair.generate(f"web{n}") for n in range(1, order.servers + 1)}
    state = _state(identity, order, subnet, host_keys)
    members = _prepare_folder(identity, state)
    authorized = KeyPair.generate(identity.name)
    write_private(identity.folder / CLIENT_KEY, authorized.private)
    names = {registry.HOST: members.registry.address} if members.registry else {}

    def make_server(one: server.Server) -> None:
        key = host_keys[one.name]
        server.create(one, server_image, host_key=key, authorized=authorized.public, names=names)
        one.start()
        progress(f"{one.name} serves at {one.url} and {one.public_url}")

    tasks: list[Callable[[], None]] = []
    if members.registry is not None:
        one_registry = members.registry
        tasks.append(lambda: registry.create(one_registry, services_image))
    if members.database is not None and members.cache is not None:
        one_database, one_cache = members.database, members.cache
        tasks.append(lambda: database.create(one_database, services_image))
        tasks.append(lambda: cache.create(one_cache, services_image))
    progress(f"starting {len(members.servers)} servers on {subnet}")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        futures = [pool.submit(task) for task in tasks]
        futures += [pool.submit(make_server, one) for one in members.servers]
        for future in futures:
            future.result()
    state.complete, state.kept = True, order.keep
    state.save(identity.folder)
    return state


def _state(
    identity: Identity,
    order: Order,
    subnet: ipaddress.IPv4Network,
    host_keys: dict[str, KeyPair],
) -> State:
    state = State(identity.name, str(identity.owner), order.flavour, str(subnet))
    state.database = order.database
    if order.registry:
        state.registry_port = ports.free_port()
    for number, (name, key) in enumerate(host_keys.items()):
        address = str(subnet[network.FIRST_SERVER + number])
        state.servers[name] = ServerState(address, ports.free_port(), key.public)
    return state


def _prepare_folder(identity: Identity, state: State) -> Members:
    folder = identity.folder
    # The network is new, so what lies under its name is of a rig whose engine is gone.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    state.save(folder)
    Authority(folder).create(f"{identity.name} test authority")
    write_private(folder / CACHE_PASSWORD, cache.random_password())
    members = Members.of(identity, state)
    lines = [f"{one.known_hosts_line}\n" for one in members.servers]
    write_private(folder / KNOWN_HOSTS, "".join(lines))
    return members
