"""Replacing a database's content by a backup's: all of it or nothing."""

from __future__ import annotations

import re
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
_OPTIONS = "-c lock_timeout=30s -c client_min_messages=error"
_BLOCK = 1 << 16
_LIST = ["pg_restore", "--list"]
# Else pg_restore puts a transaction of its own around large objects, whose end would end ours.
_READ = ["pg_restore", "--single-transaction", "--file=-"]
# An extension brings its comment along, and only its owner, often a DBA, may set it once more.
_NEEDLESS = re.compile(rb"[0-9]+; [0-9]+ [0-9]+ COMMENT - EXTENSION ")
_COMMIT, _LAST = b"COMMIT;\n", 1 << 10  # what it ends with then, and how close to its end
# What the backup holds nothing of must go too: a table of a later migration would be in the way of
# that migration when it runs again. What is there of the backup's own is in the way of the backup.
# Schemas go with all that is in them. In public goes what depends on it, which is everything in it
# except for parts of others: an identity's sequence, an extension's functions (deptype i and e).
# What is in no schema is the application's when it is its role's; a DBA's own is left alone, as are
# the two kinds in public that only a superuser can make. What went with another one is not there
# any more when its turn comes. PostgreSQL's own objects have OIDs below 16384.
_EMPTY = """
DO $$ DECLARE one record; there int; BEGIN
FOR one IN
  WITH found (class, id) AS (
    SELECT 'pg_namespace'::regclass, oid FROM pg_namespace
      WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')
    UNION ALL
    SELECT d.classid::regclass, d.objid FROM pg_depend d JOIN pg_namespace n ON n.oid = d.refobjid
      WHERE d.refclassid = 'pg_namespace'::regclass AND n.nspname = 'public' AND d.deptype = 'n'
      AND d.classid <> 'pg_extension'::regclass AND (current_setting('is_superuser') = 'on'
        OR d.classid NOT IN ('pg_ts_parser'::regclass, 'pg_ts_template'::regclass))
    UNION ALL
    SELECT 'pg_publication'::regclass, oid FROM pg_publication WHERE pg_has_role(pubowner, 'USAGE')
    UNION ALL
    SELECT 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
      WHERE pg_has_role(srvowner, 'USAGE')
    UNION ALL
    SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper
      WHERE pg_has_role(fdwowner, 'USAGE')
    UNION ALL
    SELECT 'pg_cast'::regclass, c.oid FROM pg_cast c JOIN pg_type t ON t.oid = c.castsource
      WHERE c.oid >= 16384 AND pg_has_role(t.typowner, 'USAGE'))
  SELECT class, id FROM found WHERE NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = class AND d.objid = id AND d.objsubid = 0 AND d.deptype IN ('e', 'i'))
LOOP
  EXECUTE format('SELECT FROM %s WHERE oid = %s', one.class, one.id);
  GET DIAGNOSTICS there = ROW_COUNT;
  IF there > 0 THEN
    EXECUTE (SELECT format('DROP %s %s CASCADE', CASE WHEN one.class = 'pg_proc'::regclass
      THEN 'ROUTINE' WHEN type = 'statistics object' THEN 'STATISTICS'
      ELSE replace(type, '-', ' ') END, identity) FROM pg_identify_object(one.class, one.id, 0));
  END IF;
END LOOP;
PERFORM lo_unlink(oid) FROM pg_largeobject_metadata WHERE pg_has_role(lomowner, 'USAGE');
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
    deadline = time.monotonic() + timeout
    environment = database.environment(PGOPTIONS=_OPTIONS)
    with ExitStack() as stack:
        chosen = stack.enter_context(tempfile.NamedTemporaryFile())
        with ExitStack() as listing:
            readers = _readers(listing, _LIST, dump, environment, identity)
            chosen.writelines(_chosen(readers, deadline, timeout))
            _check_well(database, readers)
        chosen.flush()
        command = [*_READ, f"--use-list={chosen.name}"]
        readers = _readers(stack, command, dump, environment, identity)
        command = psql("--single-transaction", "-c", _EMPTY, "-f", "-")
        writing = _started(_DOING, command, environment, subprocess.PIPE, subprocess.DEVNULL)
        writer = stack.enter_context(writing)
        _hand_over(readers, writer.process, deadline, timeout)
        _check_well(database, [*readers, writer])


def _check_well(database: Postgres, programs: list[_Program]) -> None:
    for one in programs:
        if not one.well:
            raise database.failure(one.doing, one.words())


def _chosen(readers: list[_Program], deadline: float, timeout: float) -> list[bytes]:
    """Return what of the backup is restored, as pg_restore lists it."""
    source = readers[-1].process.stdout
    assert source is not None
    lines: list[bytes] = []
    reading = threading.Thread(target=lines.extend, args=(source,), daemon=True)
    reading.start()
    while reading.is_alive() or any(one.process.poll() is None for one in readers):
        check_time(deadline, timeout, _DOING)
        reading.join(_INTERVAL)
    return [line for line in lines if not _NEEDLESS.match(line)]


def _readers(
    stack: ExitStack, command: list[str], dump: Path, environment: dict[str, str], identity: str
) -> list[_Program]:
    """Start what reads the backup; the last one, pg_restore, writes to its standard output."""
    doing = "read the backup"
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
    """Copy to the end, all but the commit, which is psql's own when everything is known to be well.

    Where psql takes no more, read on, so that pg_restore ends well.
    """
    taking, last = True, b""
    with suppress(ValueError):  # closed, because the time was over
        while block := source.read(_BLOCK):
            last += block
            try:
                if taking:
                    target.write(last[:-_LAST])
            except BrokenPipeError:
                taking = False
            last = last[-_LAST:]
        before, _, after = last.rpartition(_COMMIT)
        with suppress(BrokenPipeError):
            target.write(before + after)
            target.flush()
