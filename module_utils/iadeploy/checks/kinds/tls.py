"""Kind ``tls``: is the certificate trusted, for this name, and for how long yet."""

from __future__ import annotations

import socket
import ssl
import time

from ..hints import explain
from ..spec import Check
from ..verdict import Attempt, Verdict

_DAY = 86_400


def probe(check: Check, attempt: Attempt) -> Verdict:
    """Shake hands as a browser does, and read the certificate's end."""
    target = check.target
    try:
        context = ssl.create_default_context(cafile=target["ca_file"])
    except OSError as error:
        told = error.strerror or "it holds no certificate"
        return Verdict(False, "no trust", f"ca_file cannot be read ({told})", final=True)
    place = (target["address"] or target["host"], target["port"])
    try:
        with socket.create_connection(place, timeout=attempt.left()) as plain:
            attempt.guard(plain)
            plain.settimeout(attempt.left())
            name = target["server_name"] or target["host"]
            with context.wrap_socket(plain, server_hostname=name) as secure:
                certificate = secure.getpeercert() or {}
    except (OSError, ValueError) as error:
        return explain(error, "tls", check.place, attempt.seconds)
    return judge(str(certificate["notAfter"]), time.time(), check.expect["days_left"])


def judge(not_after: str, now: float, wanted: int) -> Verdict:
    """Compare a certificate's end with the days it should have. Pure."""
    days = int((ssl.cert_time_to_seconds(not_after) - now) // _DAY)
    if days >= wanted:
        return Verdict(True, f"{days} days left")
    cause = f"the certificate ends in {days} days ({not_after}), expected are {wanted}"
    return Verdict(False, f"{days} days left", cause, "does the renewal's timer run?")
