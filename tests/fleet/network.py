"""The rig's own bridge network, with addresses that stay."""

from __future__ import annotations

import ipaddress
import zlib
from pathlib import Path

import docker.errors

from . import engine
from .errors import COMMAND, RigError
from .labels import Identity

_POOL = ipaddress.IPv4Network("10.211.0.0/16")
_ROUTES = Path("/proc/net/route")

REGISTRY = 2
DATABASE = 3
CACHE = 4
FIRST_SERVER = 11
MOST_SERVERS = 200


def create(identity: Identity) -> ipaddress.IPv4Network:
    """Create the rig's network on a free subnet; RigError when the name or every subnet is taken.

    The network is the rig's anchor: made first and removed last, so that whatever a killed
    process left behind is found by it.
    """
    networks = engine.client().networks
    if networks.list(filters={"name": f"^{identity.name}$"}):
        raise RigError(
            f"a rig or network called {identity.name!r} is there already: "
            f"run '{COMMAND} down {identity.name}' or take another name"
        )
    subnets = list(_POOL.subnets(new_prefix=24))
    # Rigs that start at the same time begin their search at different places.
    start = zlib.crc32(str(identity.owner).encode() + identity.name.encode()) % len(subnets)
    taken = _routed()
    for subnet in subnets[start:] + subnets[:start]:
        if any(subnet.overlaps(other) for other in taken):
            continue
        pool = docker.types.IPAMPool(subnet=str(subnet), gateway=str(subnet[1]))
        try:
            networks.create(
                identity.name,
                driver="bridge",
                check_duplicate=True,
                labels=identity.labels,
                ipam=docker.types.IPAMConfig(pool_configs=[pool]),
            )
        except docker.errors.APIError as error:
            if "overlap" in str(error.explanation):
                continue
            raise RigError(
                f"the network {identity.name} could not be made: {error.explanation}"
            ) from error
        return subnet
    raise RigError(f"every subnet of {_POOL} is in use: run 'make clean-rig'")


def _routed() -> list[ipaddress.IPv4Network]:
    """The networks that this machine has routes to, the default route apart."""
    found = []
    for line in _ROUTES.read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        destination, mask = (
            int.from_bytes(bytes.fromhex(text), "little") for text in (fields[1], fields[7])
        )
        if mask:
            found.append(ipaddress.IPv4Network((destination, mask.bit_count())))
    return found
