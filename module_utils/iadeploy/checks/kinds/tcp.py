"""Kind ``tcp``: does something take connections."""

from __future__ import annotations

import socket

from ..hints import explain
from ..spec import Check
from ..verdict import Attempt, Verdict


def probe(check: Check, attempt: Attempt) -> Verdict:
    """Open a connection and close it."""
    place = (check.target["host"], check.target["port"])
    try:
        with socket.create_connection(place, timeout=attempt.left()):
            return Verdict(True, "open")
    except OSError as error:
        return explain(error, "tcp", check.place, attempt.seconds)
