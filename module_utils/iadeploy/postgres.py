"""A database through PostgreSQL's own client programs, as Debian packages them.

The password travels in the environment of the child alone: a command line shows in the process
list, and a file would have to be removed again after a crash.
"""

from __future__ import annotations

import os
import re

from . import urls
from .errors import DeployError
from .masking import mask, printable
from .programs import check_installed, run

_SHORT = 30.0  # seconds for a question
# Without it a server goes on with the statement of a client that was killed, and keeps its locks.
NOTICE_LOST_CLIENT = "-c client_connection_check_interval=1000"
# What an application sets for its own requests must not end a backup.
_PATIENT = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
_PROGRAMS = ("psql", "pg_dump", "pg_restore")
# PostgreSQL's own words, lower case; the first match gives the next step.
_STEPS = (
    (
        "permission denied to create database",
        "Let the role create databases (ALTER ROLE … CREATEDB), or set app_backup_scratch_url",
    ),
    ("password authentication failed", "Check the password in the database's URL"),
    ("no pg_hba.conf entry", "Let pg_hba.conf admit this server"),
    ("server version mismatch", "Install a client as new as the server, from apt.postgresql.org"),
    ("could not connect", "Check that this server reaches the database at that address"),
    ("connection to server", "Check that this server reaches the database at that address"),
    ("no space left", "Free disk space, or lower app_backup_keep"),
    ("permission denied", "Give the URL's role access to everything in its database"),
    ("lock timeout", "Somebody holds a table; find out who in pg_stat_activity, and repeat"),
)


class Postgres:
    """One database.

    Args:
        url: its URL, SQLAlchemy's form (``postgresql+driver``) included.

    Raises:
        DeployError: it is none, or has a parameter that would not be heeded here.
    """

    def __init__(self, url: str) -> None:
        try:
            self._parts = urls.postgres(url)
            self._parts["variables"], unknown = urls.libpq(url)
        except ValueError as error:
            raise DeployError(
                "the database's URL is no PostgreSQL URL",
                "Write it as postgresql://user:password@host/name",
                cause="input",
            ) from error
        if unknown:
            raise DeployError(
                f"the database's URL has a parameter {unknown[0][:40]!a}, which is none of libpq's",
                "Leave it out, or say it in libpq's words: options=-csearch_path%3Dshop sets what"
                " PostgreSQL's SET does; host, port, user and database stand before the '?'",
                cause="input",
            )
        if not self._parts["database"]:
            self._parts["database"] = self._parts["username"] or ""

    @property
    def name(self) -> str:
        """The database's name."""
        return str(self._parts["database"])

    @property
    def place(self) -> str:
        """The server and the database's name."""
        return f"{urls.place(self._parts['host'], self._parts['port'])}/{self.name}"

    @property
    def secrets(self) -> list[str]:
        """What must not show: the password."""
        return [self._parts["password"]] if self._parts["password"] else []

    @property
    def option(self) -> str:
        """The database as pg_restore's option; a bare name may be read as something else."""
        name = self.name.replace("\\", "\\\\").replace("'", "\\'")
        return f"--dbname=dbname='{name}'"

    def named(self, database: str) -> Postgres:
        """Return another database on the same server, as the same role."""
        other = object.__new__(Postgres)
        other._parts = {**self._parts, "database": database}
        return other

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a client program (libpq's PG variables).

        Args:
            more: further ones; ``PGOPTIONS`` comes behind what the URL says.
        """
        parts, theirs = self._parts, self._parts["variables"]
        options = [theirs.get("PGOPTIONS"), theirs.get("PGOPTIONS") and _PATIENT]
        options.append(more.get("PGOPTIONS"))
        given = {
            "PGHOST": parts["host"],
            "PGPORT": str(parts["port"]),
            "PGUSER": parts["username"],
            "PGPASSWORD": parts["password"],
            "PGDATABASE": parts["database"],
            "PGCONNECT_TIMEOUT": "10",
            "PGAPPNAME": "iadeploy",
            "LC_ALL": "C.UTF-8",
            "PATH": os.environ.get("PATH", os.defpath),
            **theirs,
            **more,
            "PGOPTIONS": " ".join(filter(None, options)),
        }
        return {name: value for name, value in given.items() if value}

    def query(self, statements: str, doing: str, timeout: float = _SHORT) -> list[str]:
        """Return the rows that the statements give, columns separated by ``|``.

        Raises:
            DeployError: the database refused or did not answer.
        """
        done = run(psql(), self.environment(), statements, timeout, doing)
        if done.code:
            raise self.failure(doing, done.errors)
        return done.output.splitlines()

    def revisions(self) -> list[str]:
        """Return the revisions in Alembic's table; none when it has no such table."""
        return sorted(self.query(_REVISIONS, "ask the database for its schema's revision"))

    def notices_lost_clients(self) -> bool:
        """Tell whether the server takes ``NOTICE_LOST_CLIENT``: PostgreSQL 14 and no pooler that
        refuses options."""
        environment = self.environment(PGOPTIONS=NOTICE_LOST_CLIENT)
        doing = "ask the server whether it watches its clients"
        return run(psql(), environment, "SELECT 1", _SHORT, doing).code == 0

    def failure(self, doing: str, said: str) -> DeployError:
        """Return the error for what a program said on its standard error."""
        text = printable(mask(said, self.secrets))
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        wrong = [line for line in lines if re.search(r"\b(error|fatal)\b", line, re.IGNORECASE)]
        told = " ".join((wrong or lines or ["no word of why"])[:3])[:400]
        low = text.lower()
        step = next((step for words, step in _STEPS if words in low), "Look at the server's log")
        return DeployError(f"cannot {doing}: {told}", step, cause="refused")


def psql(*more: str) -> list[str]:
    """Return psql's command line: no settings of anybody's, no questions, stop at an error."""
    return ["psql", "-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", *more]


def check_programs() -> None:
    """Return when the client programs are there.

    Raises:
        DeployError: one is missing.
    """
    check_installed(*_PROGRAMS)


def check_versions(database: Postgres) -> None:
    """Return when pg_dump can read this server.

    Raises:
        DeployError: pg_dump is older than the server, whose dumps it cannot make.
    """
    doing = "ask for the server's version"
    theirs = int(database.query("SHOW server_version_num", doing)[0]) // 10000
    said = run(["pg_dump", "--version"], database.environment(), "", _SHORT, "ask pg_dump").output
    found = re.search(r"\) ([0-9]+)", said)
    ours = int(found[1]) if found else 0
    if ours < theirs:
        raise DeployError(
            f"pg_dump {ours} on this server is older than PostgreSQL {theirs}, so it cannot"
            " back it up",
            f"Install postgresql-client-{theirs} on the servers, from apt.postgresql.org",
            cause="refused",
        )


_REVISIONS = """
SELECT to_regclass('alembic_version') IS NOT NULL AS there \\gset
\\if :there
SELECT version_num FROM alembic_version;
\\endif
"""
