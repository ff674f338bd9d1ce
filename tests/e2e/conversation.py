"""An open connection that has left HTTP, as a websocket has."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from tests.fleet.waiting import wait_until

_REQUEST = "GET /upgrade HTTP/1.1\r\nHost: {name}\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n"
_PAUSE = 0.1  # seconds between two lines


class Conversation:
    """Lines to the application and back, through whatever proxies stand in between."""

    def __init__(self, address: str, name: str, trust: ssl.SSLContext | None = None) -> None:
        self._socket = socket.create_connection((address, 443 if trust else 80), timeout=10)
        if trust:
            self._socket = trust.wrap_socket(self._socket, server_hostname=address)
        self._lines = self._socket.makefile("rwb")
        self._lines.write(_REQUEST.format(name=name).encode())
        self._lines.flush()
        assert b" 101 " in self._lines.readline()
        while self._lines.readline().strip():
            pass

    def version(self) -> str:
        """Say something; return the version that answers, or nothing when it was closed."""
        try:
            self._lines.write(b"hello\n")
            self._lines.flush()
            return self._lines.readline().partition(b" ")[0].decode()
        except OSError:
            return ""

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def version_at(url: str) -> str:
    """Return the version that others are served there, or nothing."""
    try:
        with urllib.request.urlopen(f"{url}/api/health", timeout=10) as answer:
            return str(json.load(answer)["version"])
    except (OSError, ValueError):
        return ""


@dataclass(frozen=True)
class Life:
    """What became of a conversation during a deploy.

    Attributes:
        versions: who answered in it.
        after_switch: seconds that it went on after others were last served by the version before.
    """

    versions: set[str]
    after_switch: float


def live_through(
    conversation: Conversation, served: Callable[[], str], deploy: subprocess.Popen[str]
) -> Life:
    """Keep talking until the conversation is closed, at the latest when the deploy has ended.

    Args:
        served: asks which version others are served, or nothing.
    """
    before, versions = served(), set[str]()
    seen_before, switched, closed = time.monotonic(), False, 0.0

    def over() -> bool:
        nonlocal seen_before, switched, closed
        asked = time.monotonic()
        found = "" if switched else served()
        if found == before:
            seen_before = asked
        switched = switched or found not in ("", before)
        said = conversation.version()
        versions.update({said} - {""})
        closed = 0.0 if said else time.monotonic()
        return bool(closed) or deploy.poll() is not None

    wait_until(over, "the end of the conversation or of the deploy", deadline=120, every=_PAUSE)
    assert closed, "it outlived the deploy"
    assert switched, "it was closed before the switch"
    return Life(versions, closed - seen_before)
