"""Replacing a database's content by a backup's: all of it or nothing."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from . import encryption
from .postgres import Postgres, psql
from .programs import check_time

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


@dataclass(frozen=True)
class _Program:
    """A running program, what it is for, and what it says on its standard error."""

    process: subprocess.Popen[bytes]
    doing: str
    said: IO[bytes]

    @property
    def well(self) -> bool:
        """Whether it ended well: age also when pg_restore had read all that it needs."""
        return self.process.poll() in (0, -signal.SIGPIPE)

    def words(self) -> str:
        """Return what it said."""
        self.said.seek(0)
        return self.said.read(_BLOCK).decode("utf-8", errors="replace")


def restore_into(database: Postgres, dump: Path, timeout: float, identity: str = "") -> None:
    """Replace the database's content in one transaction; users wait, and see either.

    Args:
        dump: the backup.
        timeout: seconds it may take.
        identity: opens the backup; empty for one that is not encrypted.

    Raises:
        DeployError: it could not be done; the database holds what it held.
    """
    environment = database.environment(PGOPTIONS=_OPTIONS)
    with ExitStack() as stack:
        readers = _readers(stack, dump, environment, identity)
        command = psql("--single-transaction", "-c", _EMPTY, "-f", "-")
        writing = _started(_DOING, command, environment, subprocess.PIPE, subprocess.DEVNULL)
        writer = stack.enter_context(writing)
        _hand_over(readers, writer.process, time.monotonic() + timeout, timeout)
        for one in (*readers, writer):
            if not one.well:
                raise database.failure(one.doing, one.words())


def _readers(
    stack: ExitStack, dump: Path, environment: dict[str, str], identity: str
) -> list[_Program]:
    """Start what reads the backup; the last one writes SQL."""
    command, doing = ["pg_restore", "--file=-"], "read the backup"
    if not identity:
        reading = _started(doing, [*command, str(dump)], environment, subprocess.DEVNULL)
        return [stack.enter_context(reading)]
    with encryption.readable(identity) as key:
        opening = _started(
            "decrypt the backup", encryption.decrypting(dump), encryption.environment(), key
        )
        opener = stack.enter_context(opening)
    assert opener.process.stdout is not None
    with opener.process.stdout as opened:  # else age would not learn that pg_restore has ended
        return [opener, stack.enter_context(_started(doing, command, environment, opened))]


@contextmanager
def _started(
    doing: str,
    command: list[str],
    environment: dict[str, str],
    source: int | IO[bytes],
    target: int = subprocess.PIPE,
) -> Iterator[_Program]:
    """Have a program run; it is dead when the block is left."""
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            command, env=environment, stdin=source, stdout=target, stderr=said
        ) as process:
            try:
                yield _Program(process, doing, said)
            finally:
                if process.poll() is None:
                    process.kill()


def _hand_over(
    readers: list[_Program], writer: subprocess.Popen[bytes], deadline: float, timeout: float
) -> None:
    """Give psql what pg_restore writes; it may only commit when that was all of it."""
    source = readers[-1].process.stdout
    assert source is not None and writer.stdin is not None
    copying = threading.Thread(target=_copy, args=(source, writer.stdin), daemon=True)
    copying.start()
    while copying.is_alive() or any(one.process.poll() is None for one in readers):
        check_time(deadline, timeout, _DOING)
        copying.join(_INTERVAL)
    if not all(one.well for one in readers):
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
