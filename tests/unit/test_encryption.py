"""Encrypted backups with the real programs, where this machine has them: age and PostgreSQL."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from iadeploy.backup import backups_folder, find_backup, make_backup
from iadeploy.encryption import check_encryption, check_opens
from iadeploy.migrations import BackupRules
from iadeploy.postgres import Postgres
from iadeploy.restore import restore_into
from iadeploy.store import Store

from tests.fleet.waiting import wait_until
from tests.unit import data_peers
from tests.unit.builders import failure_of

CONTENT = "content-that-nobody-may-read"
# Stays in the proof for ever, which lets a test end it there.
STUCK = "#!/bin/sh\nexec sleep 60\n"
BACKUP = """
import sys
from iadeploy.backup import make_backup
from iadeploy.migrations import BackupRules
from iadeploy.store import Store
make_backup(Store(sys.argv[1], "shop"), sys.argv[2], BackupRules(recipients=(sys.argv[3],)), "")
"""


def new_identity() -> str:
    done = subprocess.run(["age-keygen"], check=True, capture_output=True, text=True)
    return done.stdout


def recipient_of(identity: str) -> str:
    found = re.search("age1[a-z0-9]+", identity)
    assert found is not None
    return found[0]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A database with one table."""
    if shutil.which("age") is None or data_peers.postgres_binaries() is None:
        pytest.skip("age or postgresql is not installed on this machine")
    with data_peers.postgres() as peer:
        url = f"postgresql://owner:{data_peers.PASSWORD}@127.0.0.1:{peer.port}/postgres"
        wait_until(lambda: answers(url), "PostgreSQL", deadline=20, every=0.05)
        rows(url, f"CREATE TABLE notes AS SELECT '{CONTENT}' AS text FROM generate_series(1, 9000)")
        yield url


def rows(url: str, statement: str) -> int:
    """Run a statement; return how many rows it touched or found."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.rowcount


def answers(url: str) -> bool:
    try:
        return rows(url, "SELECT 1") == 1
    except psycopg2.OperationalError:
        return False


def store_in(folder: Path) -> Store:
    store = Store(str(folder), "shop")
    backups_folder(store).mkdir(parents=True, mode=0o700)
    return store


def test_only_an_encrypted_backup_stays_and_each_recipient_s_key_brings_it_back(
    url: str, tmp_path: Path
) -> None:
    store, identities = store_in(tmp_path), [new_identity(), new_identity()]
    rules = BackupRules(recipients=tuple(map(recipient_of, identities)))
    name = make_backup(store, url, rules, "")["name"]
    files = {path.name: path for path in backups_folder(store).iterdir()}
    assert set(files) == {f"{name}.dump.age", f"{name}.json"}
    assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o600}
    path, told = find_backup(store, name)
    assert path.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert (told["encrypted"], told["recipients"]) == (True, list(rules.recipients))
    for identity in identities:
        check_opens(path, name, rules.recipients, identity, 30.0)
        rows(url, "DELETE FROM notes")
        restore_into(Postgres(url), path, 60.0, identity)
        assert rows(url, "SELECT * FROM notes") == 9000


def test_what_a_wrong_key_or_a_changed_file_would_restore_is_nothing(
    url: str, tmp_path: Path
) -> None:
    store, identity = store_in(tmp_path), new_identity()
    rules = BackupRules(recipients=(recipient_of(identity),))
    name = make_backup(store, url, rules, "")["name"]
    path, _ = find_backup(store, name)
    other = new_identity()
    refused = failure_of(lambda: check_opens(path, name, rules.recipients, other, 30.0))
    assert refused.cause == "refused"
    assert f"does not open backup {name}" in refused.what and rules.recipients[0] in refused.what
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    refused = failure_of(lambda: check_opens(path, name, rules.recipients, identity, 30.0))
    assert "cannot decrypt the backup" in refused.what
    for key in (other, identity):
        rows(url, "UPDATE notes SET text = 'newer'")
        failure_of(lambda key=key: restore_into(Postgres(url), path, 60.0, key))  # type: ignore
        assert rows(url, "SELECT * FROM notes WHERE text = 'newer'") == 9000


def test_a_backup_that_is_killed_leaves_nothing_that_can_be_read(url: str, tmp_path: Path) -> None:
    for name in ("state", "programs"):
        (tmp_path / name).mkdir()
    store, programs = store_in(tmp_path / "state"), tmp_path / "programs"
    (programs / "pg_restore").write_text(STUCK)
    (programs / "pg_restore").chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    recipient = recipient_of(new_identity())
    argv = [sys.executable, "-c", BACKUP, str(tmp_path / "state"), url, recipient]
    with subprocess.Popen(argv, env=environment, start_new_session=True) as process:
        try:
            wait_until(lambda: dumped(process.pid) > 0, "a dump that is being proved", deadline=60)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    left = list(backups_folder(store).iterdir())
    assert [path.stat().st_size for path in left] == [0] * len(left)


def dumped(pid: int) -> int:
    """Return how many bytes a backup's file without a name has."""
    sizes = [0]
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if "(deleted)" in os.readlink(descriptor):
                sizes.append(descriptor.stat().st_size)
        except OSError:
            continue
    return max(sizes)


def test_a_mistyped_recipient_is_found_by_its_checksum() -> None:
    if shutil.which("age") is None:
        pytest.skip("age is not installed on this machine")
    good = recipient_of(new_identity())
    check_encryption([good])
    mistyped = good[:-1] + ("q" if good[-1] != "q" else "p")
    refused = failure_of(lambda: check_encryption([good, mistyped]))
    assert (refused.cause, "invalid checksum" in refused.what) == ("input", True)
