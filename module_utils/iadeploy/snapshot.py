"""A moment of a database that a backup and a count of its rows share, while others write."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import DeployError
from .postgres import Postgres, psql
from .programs import check_time

_INTERVAL = 0.2  # seconds between two looks whether anybody still waits
_END = "iadeploy-end"
_DOING = "count the database's rows"
# Not those of extensions, which may fill them themselves; a partitioned table is its partitions.
COUNT_ROWS = """
SELECT format('%I.%I', n.nspname, c.relname), (xpath('/row/count/text()', query_to_xml(
  format('SELECT count(*) FROM %I.%I', n.nspname, c.relname), false, true, '')))[1]::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1;
"""
_OPEN = f"""
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot();
{COUNT_ROWS}
\\echo {_END}
"""


@contextmanager
def snapshot(database: Postgres, timeout: float) -> Iterator[tuple[str, dict[str, int]]]:
    """Hold a moment of the database: the name of the snapshot, and each table's number of rows.

    Raises:
        DeployError: the database does not give one.
    """
    with subprocess.Popen(
        psql(),
        env=database.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(_OPEN)
            process.stdin.flush()
            name, *rows = _read(process, database, timeout)
            yield name, read_counts(rows)
        except BrokenPipeError as error:
            raise _failure(process, database) from error
        finally:
            process.kill()  # nothing was changed that would have to be ended well


def read_counts(rows: list[str]) -> dict[str, int]:
    """Return the number of rows by table from what ``COUNT_ROWS`` answered."""
    parts = (row.rpartition("|") for row in rows)
    return {table: int(count) for table, _, count in parts}


def _read(process: subprocess.Popen[str], database: Postgres, timeout: float) -> list[str]:
    """Return the lines up to the end mark."""
    assert process.stdout is not None
    deadline = time.monotonic() + timeout
    content = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            check_time(deadline, timeout, _DOING)
            if not selector.select(_INTERVAL):
                continue
            block = os.read(process.stdout.fileno(), 1 << 16)
            if not block:
                raise _failure(process, database)
            content += block
            if content.endswith(_END.encode() + b"\n"):
                return content.decode("utf-8", errors="replace").splitlines()[:-1]


def _failure(process: subprocess.Popen[str], database: Postgres) -> DeployError:
    said = process.stderr.read() if process.stderr is not None else ""
    return database.failure(_DOING, said)
