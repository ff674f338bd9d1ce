"""A real Redis on the rig's network."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass

from . import container
from .container import BOOT_DEADLINE, File, Member, Plan
from .waiting import wait_until

ROLE = "cache"
PORT = 6379


@dataclass
class Cache(Member):
    """Redis that wants a password and keeps nothing on disk."""

    password: str

    @property
    def url(self) -> str:
        """Its URL, with the password and an IP address."""
        return f"redis://default:{self.password}@{self.address}:{PORT}/0"

    def wait_ready(self) -> None:
        """Wait until it answers."""
        wait_until(self._answers, f"an answer of {self.container_name}", deadline=BOOT_DEADLINE)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.address, PORT), timeout=2) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith((b"-NOAUTH", b"+PONG"))
        except OSError:
            return False


def random_password() -> str:
    """A password that needs no quoting in URLs and configuration."""
    return secrets.token_hex(16)


def create(cache: Cache, image: str) -> None:
    """Make and start the cache."""
    configuration = (
        f"bind 0.0.0.0\nport {PORT}\nprotected-mode no\nrequirepass {cache.password}\n"
        'save ""\nappendonly no\ndaemonize no\n'
    )
    plan = Plan(
        image=image,
        command=["redis-server", "/etc/rig/redis.conf"],
        # In a file, not on the command line, where `ps` would show the password.
        files=[File("/etc/rig/redis.conf", configuration.encode())],
    )
    container.create(cache, plan)
    cache.start()
