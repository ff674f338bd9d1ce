"""The proof of a backup: it is restored into a database of its own and counted."""

from __future__ import annotations

from pathlib import Path

from .errors import DeployError
from .migrations import BackupRules
from .postgres import Postgres
from .programs import run
from .snapshot import COUNT_ROWS, read_counts

_PREFIX = "iadeploy_scratch_"
_LONGEST = 63  # bytes of a name in PostgreSQL
_DIGITS = 12  # of what tells one application's database from another's of the same name
_DROP_TIMEOUT = 60.0


def scratch_name(app: str, database: Postgres) -> str:
    """Return the scratch database's name: the same one every time, and nobody else's. Pure.

    Others may prove a backup on the same server, of a database of the same name.
    """
    import hashlib  # pylint: disable=import-outside-toplevel  # late: it loads OpenSSL

    whose = hashlib.sha256(f"{app} {database.place}".encode()).hexdigest()[:_DIGITS]
    name = f"{_PREFIX}{whose}_{database.name}".encode()
    return name[:_LONGEST].decode(errors="ignore")


def prove(
    app: str, database: Postgres, dump: Path, counts: dict[str, int], rules: BackupRules
) -> None:
    """Restore a backup into a scratch database, compare every table's rows, and drop it.

    The scratch database has the same name every time, so one that a crash left behind is
    dropped here too.

    Args:
        app: the application's name.
        database: the one that was backed up.
        counts: rows by table at the moment of the backup.

    Raises:
        DeployError: the backup cannot be restored, or lacks rows.
    """
    server = Postgres(rules.scratch_url) if rules.scratch_url else database
    scratch = server.named(scratch_name(app, database))
    _drop(server, scratch)
    server.query(
        f"CREATE DATABASE {_quoted(scratch.name)} TEMPLATE template0", "make a scratch database"
    )
    try:
        _restore(scratch, dump, rules.timeout)
        rows = scratch.query(COUNT_ROWS, "count the restored rows", rules.timeout)
        check_counts(counts, read_counts(rows))
    finally:
        _drop(server, scratch)


def check_counts(wanted: dict[str, int], found: dict[str, int]) -> None:
    """Return when both have the same tables with the same number of rows. Pure.

    Raises:
        DeployError: they differ; the sentence names the first table.
    """
    for table in sorted({*wanted, *found}):
        if wanted.get(table) != found.get(table):
            raise DeployError(
                f"the backup is not whole: {table} had {wanted.get(table, 'no')} rows,"
                f" restored were {found.get(table, 'none')}",
                "Try again; if it stays so, look at the server's log",
                cause="refused",
            )


def _restore(scratch: Postgres, dump: Path, timeout: float) -> None:
    argv = ["pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password"]
    argv += [scratch.option, str(dump)]
    doing = "restore the backup into a scratch database"
    done = run(argv, scratch.environment(), "", timeout, doing)
    if done.code:
        raise scratch.failure(doing, done.errors)


def _drop(server: Postgres, scratch: Postgres) -> None:
    statement = f"DROP DATABASE IF EXISTS {_quoted(scratch.name)} WITH (FORCE)"
    server.query(statement, "drop the scratch database", _DROP_TIMEOUT)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
