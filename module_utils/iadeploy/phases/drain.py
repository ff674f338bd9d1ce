"""Letting in-flight requests of a slot finish."""

from __future__ import annotations

import time

from ..host import Host
from ..tether import check_tether

_INTERVAL = 0.05


def drain(host: Host, slot: str) -> bool:
    """Wait until no request is in flight to ``slot``.

    Returns:
        False when requests were still in flight after ``drain_seconds``; SIGTERM then gives
        them the application's own grace.

    Raises:
        DeployError: the controller has gone.
    """
    deadline = time.monotonic() + host.settings.drain_seconds
    while host.proxy.sessions(slot) > 0:
        check_tether()
        if time.monotonic() >= deadline:
            return False
        time.sleep(_INTERVAL)
    return True
