"""Replacing a database's content by a backup's: all of it or nothing."""

from __future__ import annotations

import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from .postgres import Postgres, check_time, psql

_INTERVAL = 0.2
_DOING = "restore the backup"
# Users' transactions are short; one that is not must not make all the others wait behind this.
_OPTIONS = "-c lock_timeout=30s -c client_min_messages=warning"
_BLOCK = 1 << 16
# What the backup holds nothing of must go too: a table of a later migration would be in the way of
# that migration when it runs again.
_EMPTY = """
DO $$ DECLARE one record; BEGIN
FOR one IN SELECT n.nspname AS name FROM pg_namespace n WHERE n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('public', 'information_schema')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = n.oid AND d.deptype = 'e')
LOOP EXECUTE format('DROP SCHEMA %I CASCADE', one.name); END LOOP;
FOR one IN SELECT c.oid::regclass AS name, CASE c.relkind WHEN 'v' THEN 'VIEW'
  WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S' THEN 'SEQUENCE'
  WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END AS kind, c.oid FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
LOOP IF EXISTS (SELECT FROM pg_class WHERE oid = one.oid) THEN
  EXECUTE format('DROP %s %s CASCADE', one.kind, one.name); END IF; END LOOP;
FOR one IN SELECT p.oid::regprocedure AS name FROM pg_proc p
  WHERE p.pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
LOOP EXECUTE format('DROP ROUTINE %s CASCADE', one.name); END LOOP;
FOR one IN SELECT format('%I.%I', 'public', t.typname) AS name FROM pg_type t
  WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('e', 'd')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
LOOP EXECUTE format('DROP TYPE IF EXISTS %s CASCADE', one.name); END LOOP;
END $$;
"""


def restore_into(database: Postgres, dump: Path, timeout: float) -> None:
    """Replace the database's content in one transaction; users wait, and see either.

    Args:
        timeout: seconds it may take.

    Raises:
        DeployError: it could not be done; the database holds what it held.
    """
    environment = database.environment(PGOPTIONS=_OPTIONS)
    with tempfile.TemporaryFile() as read_said, tempfile.TemporaryFile() as write_said:
        reader = subprocess.Popen(
            ["pg_restore", "--file=-", str(dump)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=read_said,
        )
        writer = subprocess.Popen(
            psql("--single-transaction", "-c", _EMPTY, "-f", "-"),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=write_said,
        )
        with reader, writer:
            try:
                _hand_over(reader, writer, time.monotonic() + timeout, timeout)
            finally:
                for process in (reader, writer):
                    if process.poll() is None:
                        process.kill()
        if reader.returncode:
            raise database.failure("read the backup", _text(read_said))
        if writer.returncode:
            raise database.failure(_DOING, _text(write_said))


def _hand_over(
    reader: subprocess.Popen[bytes],
    writer: subprocess.Popen[bytes],
    deadline: float,
    timeout: float,
) -> None:
    """Give psql what pg_restore writes; it may only commit when that was all of it."""
    assert reader.stdout is not None and writer.stdin is not None
    copying = threading.Thread(target=_copy, args=(reader.stdout, writer.stdin), daemon=True)
    copying.start()
    while copying.is_alive() or reader.poll() is None:
        check_time(deadline, timeout, _DOING)
        copying.join(_INTERVAL)
    if reader.returncode:
        return  # and psql is killed: the end of its input would be a reason to commit
    with suppress(BrokenPipeError):  # psql has ended already, and says why
        writer.stdin.close()
    while writer.poll() is None:
        check_time(deadline, timeout, _DOING)
        time.sleep(_INTERVAL)


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    """Copy to the end; where psql takes no more, read on, so that pg_restore ends well."""
    taking = True
    with suppress(ValueError):  # closed, because the time was over
        while block := source.read(_BLOCK):
            try:
                if taking:
                    target.write(block)
            except BrokenPipeError:
                taking = False
        with suppress(BrokenPipeError):
            target.flush()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_BLOCK).decode("utf-8", errors="replace")
