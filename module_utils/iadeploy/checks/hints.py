"""What the system's errors mean for people, and what to look at. Pure."""

from __future__ import annotations

import errno
import socket
import ssl

from .verdict import Verdict

_REFUSED = {
    "http": "does the application or its proxy run, and listen on that port?",
    "tcp": "does anything listen on that port?",
    "tls": "does the web server run, and listen on that port?",
    "postgres": "is PostgreSQL listening on that address? See `listen_addresses`",
    "redis": "is Redis listening on that address? See `bind` in redis.conf",
}
_SILENT = {
    "http": "it takes connections but does not answer in time: is it overloaded, or does it wait?",
    "tls": "it takes connections but does not speak TLS: is that the right port?",
    "postgres": "is that port really PostgreSQL's, and is the server overloaded?",
    "redis": "is that Redis's port, with TLS or without as asked? Does a slow command block it?",
    "container": "the Docker Engine hangs: see 'service docker status' on this host",
    "command": "the command runs longer than its timeout allows",
    "disk": "the file system does not answer: a network mount that has gone?",
}
_BY_NUMBER = {
    errno.EHOSTUNREACH: ("no route to host", "does a firewall or a route stand in between?"),
    errno.ENETUNREACH: ("network is unreachable", "has this host a route to that network?"),
    errno.ETIMEDOUT: ("no answer", "a firewall that drops packets looks like this"),
    errno.ECONNRESET: ("connection closed without an answer", "look at the log of what runs there"),
    errno.EPIPE: ("connection closed without an answer", "look at the log of what runs there"),
}
_CERTIFICATE = {
    10: ("its certificate has expired", "renew it; does the renewal's timer run?"),
    18: ("its certificate is self-signed", "name it with `ca_file` if that is on purpose"),
    19: ("its chain ends in an unknown authority", "name that authority with `ca_file`"),
    20: (
        "its chain is incomplete or its authority unknown",
        "serve the intermediate certificates too, or name the authority with `ca_file`",
    ),
    62: ("its certificate is for another name", "does the certificate list this host name?"),
    64: ("its certificate is for another address", "ask by the name that the certificate has"),
}


def explain(error: BaseException, kind: str, place: str, seconds: float) -> Verdict:
    """Return the verdict that a connection's error comes to.

    Args:
        error: what the system said.
        kind: the check's kind.
        place: where to, such as ``10.0.0.5:5432``.
        seconds: how long the attempt could take.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        known = _CERTIFICATE.get(error.verify_code, (f"certificate: {error.verify_message}", ""))
        return Verdict(False, "no trust", f"{known[0]} ({place})", known[1])
    if isinstance(error, TimeoutError):
        return timed_out(kind, place, seconds)
    if isinstance(error, ssl.SSLError):
        reason = str(error.reason or "").replace("_", " ").lower() or "handshake failed"
        hint = "does that port speak TLS, version 1.2 or newer?"
        return Verdict(False, "no TLS", f"TLS failed on {place}: {reason}", hint)
    if isinstance(error, socket.gaierror):
        hint = "is the name right, and does this host's resolver answer? See /etc/resolv.conf"
        return Verdict(False, "unknown host", f"the name in {place} cannot be looked up", hint)
    if isinstance(error, ConnectionRefusedError):
        hint = _REFUSED.get(kind, "")
        return Verdict(False, "refused", f"connection refused on {place}", hint)
    number = error.errno if isinstance(error, OSError) else None
    if number in _BY_NUMBER:
        what, hint = _BY_NUMBER[number]
        return Verdict(False, "no answer", f"{what} on {place}", hint)
    told = getattr(error, "strerror", None) or type(error).__name__
    return Verdict(False, "no answer", f"{told} on {place}")


def timed_out(kind: str, place: str, seconds: float) -> Verdict:
    """Return the verdict over a peer that did not answer in time."""
    cause = f"no answer within {round(seconds, 2):g} s from {place}"
    return Verdict(False, "timeout", cause, _SILENT.get(kind, "a firewall looks like this too"))
