"""One attempt of one check, and the judgement it ends in."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from .spec import Check

# Seconds that judging an answer may take; the search for a pattern ends before.
_OWN_WORK = 6.0


@dataclass(frozen=True)
class Verdict:
    """What an attempt found.

    Attributes:
        status: what the target answered, in a word or two: ``200``, ``running``, ``23 days left``.
        cause: why it is not healthy, as a clause; empty when it is.
        hint: what to look at; may be empty.
        note: what could not be checked in a good answer; may be empty.
        final: no further attempt can change it.
    """

    healthy: bool
    status: str = ""
    cause: str = ""
    hint: str = ""
    note: str = ""
    final: bool = False


class Attempt:
    """The time that one attempt has, and the connections to cut when it is over.

    A client's own time limit is for each single read: a peer that drips its answer byte by byte
    would never be given up. Cutting the connection ends every read at once.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.ends = time.monotonic() + seconds
        self._answered_at: float | None = None
        self._twins: list[socket.socket] = []
        self._over = False
        self._lock = threading.Lock()

    def left(self) -> float:
        """Return the seconds that are left, at least a hundredth."""
        return max(0.01, self.ends - time.monotonic())

    @property
    def expired(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self.ends

    def answered(self) -> None:
        """Note that the answer is there; what follows is our own work, no latency of the peer."""
        self._answered_at = time.monotonic()
        self.ends = max(self.ends, self._answered_at + _OWN_WORK)

    def took(self, started: float) -> float:
        """Return the seconds from a moment of the monotonic clock to the answer, or to now."""
        return (self._answered_at or time.monotonic()) - started

    def guard(self, connection: socket.socket) -> None:
        """Have ``cut`` end a connection; a copy of it is kept, since TLS takes the original."""
        with self._lock:
            if self._over:
                _shut(connection)
            else:
                # Not dup(): that also copies the time limit, and so makes libpq's socket block.
                self._twins.append(socket.socket(fileno=os.dup(connection.fileno())))

    def cut(self) -> None:
        """End every connection now."""
        with self._lock:
            self._over = True
            for twin in self._twins:
                _shut(twin)

    def close(self) -> None:
        """Let go of what was kept."""
        with self._lock:
            self._over = True
            for twin in self._twins:
                twin.close()
            self._twins.clear()


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the peer was faster


Probe = Callable[[Check, Attempt], Verdict]
