"""Kind ``redis``: an authenticated PING, and on request a write, a read and a delete."""

from __future__ import annotations

import secrets
from typing import Any

import redis
import redis.backoff
import redis.retry

from ..hints import explain, timed_out
from ..spec import Check
from ..verdict import Attempt, Verdict

_WORDS = {
    "OutOfMemoryError": "OOM",
    "ReadOnlyError": "READONLY",
    "NoPermissionError": "NOPERM",
    "BusyLoadingError": "LOADING",
    "MaxConnectionsError": "max number of clients",
}
_SECONDS = 30  # a key that a dead check left behind goes by itself
_KNOWN = (
    ("NOAUTH", "the server wants a password", "give a password or a dsn"),
    ("HELLO must be called", "the server wants a password", "give a password or a dsn"),
    ("WRONGPASS", "the server refused the login", "is the password right? See `requirepass`"),
    ("invalid username-password", "the server refused the login", "is the password right?"),
    ("invalid password", "the server refused the login", "is the password right?"),
    ("without any password configured", "the server has no password", "leave the password out"),
    ("LOADING", "the server is loading its data", "wait; it answers when that is done"),
    ("NOPERM", "the user may not do that", "see `ACL LIST`"),
    ("OOM", "the server's memory is full", "see `maxmemory` and `maxmemory-policy`"),
    ("READONLY", "the server is a read-only replica", "is that the right address for writing?"),
    ("MISCONF", "the server refuses writes: it cannot save to disk", "read its log"),
    ("MASTERDOWN", "the replica has lost its primary", "look at the primary"),
    ("max number of clients", "the server takes no more clients", "see `maxclients`"),
    ("Protected mode", "the server takes no clients from other hosts", "see `protected-mode`"),
)


def probe(check: Check, attempt: Attempt) -> Verdict:
    """Log in and ask."""
    client = _client(check, attempt)
    try:
        client.ping()
        if check.target["write"] and (verdict := _write(client)):
            return verdict
        return Verdict(True, "wrote and read" if check.target["write"] else "PONG")
    except redis.exceptions.TimeoutError:
        return timed_out("redis", check.place, attempt.seconds)
    except redis.exceptions.RedisError as error:
        return _explain(error, check, attempt)
    finally:
        client.close()
        client.connection_pool.disconnect()


def _client(check: Check, attempt: Attempt) -> Any:
    target = check.target
    options: dict[str, Any] = {}
    if target["tls"]:
        options["ssl"] = True
        options["ssl_ca_certs"] = target["ca_file"]
        options["ssl_cert_reqs"] = "required" if target["tls_verify"] else "none"
        options["ssl_check_hostname"] = target["tls_verify"]
    return redis.Redis(
        host=target["host"],
        port=target["port"],
        db=target["db"],
        username=target["username"],
        password=target["password"],
        socket_timeout=attempt.left(),
        socket_connect_timeout=attempt.left(),
        # Newer versions of the library try again by themselves, for seconds.
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),
        **options,
    )


def _write(client: Any) -> Verdict | None:
    key, value = f"iadeploy:health:{secrets.token_hex(8)}", secrets.token_hex(8)
    client.set(key, value, ex=_SECONDS, nx=True)
    found = client.get(key)
    client.delete(key)
    if found == value.encode():
        return None
    cause = "what was written could not be read back"
    return Verdict(False, "lost a write", cause, "does the server evict keys at once?")


def _explain(error: Exception, check: Check, attempt: Attempt) -> Verdict:
    """Return the client's words as ours; those it got from the server are not passed on."""
    said = str(error)
    if isinstance(error, redis.exceptions.AuthenticationError) and "equired" in said:
        said = f"NOAUTH {said}"
    for sign, cause, hint in _KNOWN:
        # Newer versions of the library turn the server's first word into a class.
        if sign in said or sign == _WORDS.get(type(error).__name__):
            return Verdict(False, "refused", f"{cause} ({check.place})", hint)
    inner: BaseException | None = error.__cause__ or error.__context__
    if isinstance(inner, OSError):
        return explain(inner, "redis", check.place, attempt.seconds)
    if isinstance(error, redis.exceptions.ConnectionError):
        cause = f"connection closed without an answer on {check.place}"
        return Verdict(False, "no answer", cause, "is that port really Redis's?")
    return Verdict(False, "failed", f"{type(error).__name__} ({check.place})")
