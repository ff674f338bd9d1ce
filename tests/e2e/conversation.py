"""An open connection that has left HTTP, as a websocket has."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Callable, Iterable
from datetime import datetime

from tests.fleet.server import Server
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


def live_through(
    conversation: Conversation, served: Callable[[], str], deploy: subprocess.Popen[str]
) -> set[str]:
    """Keep talking until the conversation is closed, and return the versions that answered in it.

    It must outlive the switch, told by the version that others are ``served``, and not the deploy.
    """
    before, versions, switched, closed = served(), set[str](), False, False

    def over() -> bool:
        nonlocal switched, closed
        switched = switched or served() not in ("", before)
        said = conversation.version()
        versions.update({said} - {""})
        closed = not said
        return closed or deploy.poll() is not None

    wait_until(over, "the end of the conversation or of the deploy", deadline=120, every=_PAUSE)
    assert closed, "it outlived the deploy"
    assert switched, "it was closed before the switch"
    return versions


def retired_apart(servers: Iterable[Server], app: str) -> float:
    """Return how many seconds lay between the ends of the servers' last retired containers."""
    ends = [_last_end(server, app) for server in servers]
    return max(ends) - min(ends)


def _last_end(server: Server, app: str) -> float:
    chosen = ["--filter", f"label=iadeploy.app={app}", "--filter", "status=exited"]
    names = server.run(["docker", "ps", "-aq", *chosen], check=True).stdout.split()
    form = ["--format", "{{.State.FinishedAt}}"]
    told = server.run(["docker", "inspect", *form, *names], check=True).stdout.split()
    return max(datetime.fromisoformat(f"{one[:26].rstrip('Z')}+00:00").timestamp() for one in told)
