"""Ports on this machine that members of a rig keep for their life."""

from __future__ import annotations

import random
import socket

from .errors import RigError

# Below the range that the kernel takes outgoing ports from: a stopped member finds its port free.
_RANGE = range(20000, 32000)
_TRIES = 200


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on now; RigError when none is found."""
    for port in random.sample(_RANGE, _TRIES):
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RigError(f"no free port between {_RANGE.start} and {_RANGE.stop} on 127.0.0.1")
