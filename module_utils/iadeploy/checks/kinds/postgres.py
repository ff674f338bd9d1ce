"""Kind ``postgres``: a real login and a real query, the schema's revision, replication."""

from __future__ import annotations

import os
import re
import select
import socket
from typing import Any

import psycopg2
import psycopg2.extensions as pg

from ... import urls
from ..hints import explain, timed_out
from ..spec import Check
from ..verdict import Attempt, Verdict
from . import replication, server_settings

_LOGIN = "is the password right, and does pg_hba.conf allow this login from this host?"
_KNOWN = (
    (r"password authentication failed", "the server refused the login", _LOGIN),
    (r"no password supplied", "the server wants a password", _LOGIN),
    (r"no pg_hba\.conf entry", "the server allows no such login from this host", _LOGIN),
    (r'role "[^"]*" does not exist', "the server does not know the user", _LOGIN),
    (r'database "[^"]*" does not exist', "the server has no such database", "check its name"),
    (r"starting up", "the server is starting up", "it may be replaying its log; wait"),
    (r"shutting down", "the server is shutting down", ""),
    (
        r"too many (clients|connections)|remaining connection slots",
        "the server takes no more connections",
        "see `max_connections`, and who holds them",
    ),
    (
        r"does not support SSL|SSL (error|negotiation)|certificate verify failed",
        "TLS with the server failed",
        "see `sslmode`, `ca_file` and the server's `ssl`",
    ),
    (
        r"could not translate host name",
        "the server's name cannot be looked up",
        "is the name right, and does the resolver answer?",
    ),
    (r"server closed the connection", "the server closed the connection", "read its log"),
)
# A schema may be at several revisions at once, where its history has branches.
_REVISIONS = "SELECT string_agg(version_num, ', ' ORDER BY version_num) FROM alembic_version"


class _Failed(Exception):
    """Carries a verdict."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.cause)
        self.verdict = verdict


def probe(check: Check, attempt: Attempt) -> Verdict:
    """Log in, ask, and judge the answers."""
    connection = None
    try:
        connection = _connect(check, attempt)
        return _ask(connection, check, attempt)
    except _Failed as error:
        return error.verdict
    except (TimeoutError, psycopg2.errors.QueryCanceled):
        return timed_out("postgres", check.place, attempt.seconds)
    except psycopg2.Error as error:
        if error.pgcode:
            # Its words may quote data; the name of its class cannot.
            cause = f"the query failed: {type(error).__name__} ({check.place})"
            return Verdict(False, "failed", cause, "run it by hand with psql")
        return _explain(str(error), check, attempt)
    finally:
        if connection is not None:
            connection.close()


def _connect(check: Check, attempt: Attempt) -> Any:
    target = check.target
    options = {
        "host": target["host"],
        "port": target["port"],
        "user": target["username"],
        "password": target["password"],
        "dbname": target["database"],
        "sslmode": target["sslmode"],
        "sslrootcert": target["ca_file"],
        "application_name": "iadeploy-health",
        # Asynchronous, because libpq's own time limit ends with the login.
        "async_": True,
    }
    given = {name: value for name, value in options.items() if value is not None}
    connection = psycopg2.connect(**given)
    _wait(connection, attempt)
    with socket.socket(fileno=os.dup(connection.fileno())) as twin:
        attempt.guard(twin)
    return connection


def _wait(connection: Any, attempt: Attempt) -> None:
    """Wait until the connection has done what it does.

    Raises:
        TimeoutError: the time was over first.
    """
    while (state := connection.poll()) != pg.POLL_OK:
        reading = [connection] if state == pg.POLL_READ else []
        writing = [connection] if state == pg.POLL_WRITE else []
        if attempt.expired or not any(select.select(reading, writing, [], attempt.left())):
            raise TimeoutError


def _ask(connection: Any, check: Check, attempt: Attempt) -> Verdict:
    """A check changes nothing: what it asks runs in a transaction that may only read."""
    expect = check.expect
    with connection.cursor() as cursor:

        def row(statement: str) -> tuple[Any, ...]:
            cursor.execute(statement)
            _wait(connection, attempt)
            return (cursor.fetchone() if cursor.description else None) or (None,)

        row("BEGIN READ ONLY")
        # A server does not notice by itself that nobody waits for an answer any more.
        row(f"SET LOCAL statement_timeout = {int(attempt.left() * 1000)}")
        value = row(check.target["query"])[0]
        if expect["value"] is not None and _text(value) != expect["value"]:
            cause = f"the query answered {_text(value)[:80]!a} instead of {expect['value'][:80]!a}"
            return Verdict(False, "another answer", cause)
        status = "answers"
        if expect["migration_head"] is not None:
            status = f"revision {_judge_head(row, expect['migration_head'])}"
        if expect["max_lag"] is not None:
            lag = replication.judge(replication.ask(row), expect["max_lag"])
            if not lag.healthy:
                return lag
            status = f"{status}, {lag.status}"
        if expect["settings"]:
            asked = expect["settings"]
            settings = server_settings.judge(server_settings.ask(row, asked), asked)
            if not settings.healthy:
                return settings
            status = f"{status}, {settings.status}"
        return Verdict(True, status)


def _judge_head(row: replication.Row, wanted: str) -> str:
    try:
        head = row(_REVISIONS)[0] or "none"
    except psycopg2.errors.UndefinedTable as error:
        cause = "the database has no table alembic_version"
        hint = "run the migrations; is it the right database?"
        raise _Failed(Verdict(False, "no schema", cause, hint)) from error
    if head != wanted:
        cause = f"the schema is at revision {head[:40]!a} instead of {wanted!a}"
        hint = "run the migrations of the release that serves"
        raise _Failed(Verdict(False, f"revision {head[:40]}", cause, hint))
    return head


def _text(value: Any) -> str:
    if value is None:
        return "NULL"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _explain(said: str, check: Check, attempt: Attempt) -> Verdict:
    """Return libpq's words as ours; they may quote what was sent, so they are not passed on."""
    place = urls.place(check.target["host"], check.target["port"])
    if "Connection refused" in said:
        return explain(ConnectionRefusedError(), "postgres", place, attempt.seconds)
    if re.search(r"timeout expired|timed out", said):
        return timed_out("postgres", place, attempt.seconds)
    for pattern, cause, hint in _KNOWN:
        if re.search(pattern, said):
            return Verdict(False, "refused", f"{cause} ({check.place})", hint)
    return Verdict(False, "failed", f"the login failed ({check.place})", "read the server's log")
