"""How ``http`` checks connect: to a given address, and cut off when their time is over."""

from __future__ import annotations

import socket
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from ..verdict import Attempt

# Who sets tls_verify to false knows it; a warning for every attempt helps nobody.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


def session(attempt: Attempt, address: str | None, failures: list[BaseException]) -> Any:
    """Return a requests session that ignores the environment's proxies and passwords.

    Args:
        attempt: whose connections these are.
        address: where to connect instead of to the URL's host, whose name stays in the Host
            header and in TLS.
        failures: gets what the system said when a connection could not be opened.
    """

    def opened(connection: Any) -> socket.socket:
        host = address or connection.host.strip("[]")
        try:
            made = socket.create_connection((host, connection.port), timeout=attempt.left())
        except OSError as error:
            failures.append(error)
            raise urllib3.exceptions.NewConnectionError(connection, str(error)) from error
        attempt.guard(made)
        made.settimeout(attempt.left())
        return made

    class Plain(urllib3.connection.HTTPConnection):
        """An HTTP connection."""

        def _new_conn(self) -> socket.socket:
            return opened(self)

    class Secure(urllib3.connection.HTTPSConnection):
        """An HTTPS connection."""

        def _new_conn(self) -> socket.socket:
            return opened(self)

    class PlainPool(urllib3.HTTPConnectionPool):
        """Makes HTTP connections."""

        ConnectionCls = Plain

    class SecurePool(urllib3.HTTPSConnectionPool):
        """Makes HTTPS connections."""

        ConnectionCls = Secure

    class Adapter(HTTPAdapter):
        """Uses these pools."""

        def init_poolmanager(self, *given: Any, **named: Any) -> None:
            """Make the pools' manager."""
            super().init_poolmanager(*given, **named)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    made = requests.Session()
    made.trust_env = False
    for scheme in ("http://", "https://"):
        made.mount(scheme, Adapter(max_retries=0))
    return made
