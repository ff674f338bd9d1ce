"""Noticing that the controller has gone, so that no module works on for nobody.

A module's standard output is a pipe to the SSH server. When the controller is cancelled or killed,
the server closes its end and tells the module nothing: without a terminal there is no SIGHUP. So
every wait asks here.
"""

from __future__ import annotations

import select
import sys

from .errors import DeployError


def is_cut(descriptor: int) -> bool:
    """Tell whether nobody reads from a pipe, socket or terminal any more."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def is_heard() -> bool:
    """Tell whether the controller still reads what this process says."""
    try:
        descriptor = sys.__stdout__.fileno() if sys.__stdout__ else -1
    except (OSError, ValueError):
        return True
    return descriptor < 0 or not is_cut(descriptor)


def check_tether() -> None:
    """Return while the controller listens.

    Raises:
        DeployError: it has gone; the phase ends as it would for any other failure.
    """
    if not is_heard():
        raise DeployError("the controller has gone", "Run the command again", cause="cancelled")
