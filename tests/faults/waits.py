"""What several rows wait for."""

from __future__ import annotations

import subprocess
import time
from itertools import islice

from tests.fleet.server import Server
from tests.fleet.waiting import wait_until

from .row import Row

USUAL = 3.0  # seconds of a status on a machine that has nothing else to do


def pace_of(it: Row) -> float:
    """Return how many times longer things take now than on such a machine, 1 at least."""
    began = time.monotonic()
    it.run("status")
    return max(1.0, (time.monotonic() - began) / USUAL)


def start_again(it: Row, server: Server) -> None:
    """Switch a server on, and wait until its proxy serves a version."""
    server.start()
    wait_until(lambda: bool(it.look([server])[server.name].served), f"{server.name}'s service")


def working(it: Row) -> bool:
    """Tell whether something of the product runs on some server."""
    return any(one.working for one in it.look().values())


def wait_idle(it: Row, deadline: float = 60.0) -> None:
    """Wait until nothing of the product runs on any server; ``deadline`` is seconds."""
    wait_until(lambda: not working(it), "the end of all work on the servers", deadline=deadline)


def wait_candidate(it: Row, server: Server | None = None) -> None:
    """Wait until a server, by default some one, runs a second container."""
    servers = [server] if server else None

    def there() -> bool:
        return any(len(one.running) == 2 for one in it.look(servers).values())

    wait_until(there, "the candidate", deadline=90)


def wait_told(process: subprocess.Popen[str], servers: int, *texts: str) -> None:
    """Wait until a command's progress has told one of the texts of so many servers."""
    assert process.stderr is not None
    told = (line for line in process.stderr if any(text in line for text in texts))
    assert len(list(islice(told, servers))) == servers
