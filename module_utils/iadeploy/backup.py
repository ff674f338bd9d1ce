"""Backups of a database: made by pg_dump, proved by restoring, kept on the server.

::

    <root>/<app>/backups/<name>.dump       pg_dump's custom format, root's only
    <root>/<app>/backups/<name>.dump.age   the same, encrypted; there is one of the two
    <root>/<app>/backups/<name>.json       what is in it and how it was proved

A backup that has no ``.json`` was never proved, and counts for nothing. Only a plain dump can be
proved here, since nobody can decrypt on this server. Where backups are encrypted, that dump is a
file without a name: it goes with this process, however that ends.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .clock import now
from .encryption import check_encryption, encrypt
from .errors import DeployError
from .files import explained, make_folder, write_atomically
from .migrations import BackupRules, revisions_in, written
from .postgres import Postgres, check_programs, check_versions
from .programs import run
from .scratch import prove
from .snapshot import snapshot
from .store import Store

_NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[A-Za-z0-9_.+-]{1,60}")
_BLOCK = 1 << 20
_PLAIN, _ENCRYPTED, _TOLD = ".dump", ".dump.age", ".json"


def backups_folder(store: Store) -> Path:
    """Return where an application's backups are."""
    return store.folder / "backups"


def make_backup(
    store: Store, url: str, rules: BackupRules, release_id: str, spared: str = ""
) -> dict[str, Any]:
    """Make a backup, prove it, keep it, and forget the oldest ones. The caller holds the lock.

    Args:
        url: the database's URL.
        release_id: the release that it is made for or that serves; for people.
        spared: a backup that is still needed, however old it is.

    Returns:
        What the backup's ``.json`` says.

    Raises:
        DeployError: it could not be made or proved; nothing of it is left.
    """
    check_programs()
    check_encryption(rules.recipients)
    database = Postgres(url)
    check_versions(database)
    folder = backups_folder(store)
    make_folder(folder)
    for left in folder.glob(".*.part"):
        left.unlink()
    with explained(folder):
        made = _make(store, database, rules, release_id)
    prune(folder, rules.keep, spared)
    return made


def _make(store: Store, database: Postgres, rules: BackupRules, release_id: str) -> dict[str, Any]:
    folder, at = backups_folder(store), now()
    revision = written(database.revisions()) or "empty"
    name = f"{re.sub('[^0-9T]', '', at)[:15].replace('T', '-')}-{_plain(revision)}"
    part = folder / f".{name}.part"
    try:
        part.touch(mode=0o600)
        with _dumped(folder, part, rules) as dump:
            with snapshot(database, rules.timeout) as (taken, counts):
                _dump(database, taken, dump, rules.timeout)
            prove(store.app, database, dump, counts, rules)
            proved_at = now()
            if rules.recipients:
                encrypt(dump, part, rules.recipients, rules.timeout)
        made = {
            "name": name,
            "at": at,
            "database": database.name,
            "revision": revision,
            "release": release_id,
            **_settle(part),
            "encrypted": bool(rules.recipients),
            "recipients": list(rules.recipients),
            "tables": len(counts),
            "rows": sum(counts.values()),
            "proved_at": proved_at,
        }
        os.replace(part, _content(folder, made))
        # Last: it is what makes the file a backup.
        write_atomically(
            folder / f"{name}{_TOLD}", json.dumps(made, indent=2, sort_keys=True) + "\n"
        )
        return made
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _dumped(folder: Path, part: Path, rules: BackupRules) -> Iterator[Path]:
    """Give the path of the file that is dumped into and proved."""
    if not rules.recipients:
        yield part
        return
    with tempfile.TemporaryFile(dir=folder) as nameless:
        yield Path(f"/proc/{os.getpid()}/fd/{nameless.fileno()}")


def _content(folder: Path, told: dict[str, Any]) -> Path:
    """Return where a backup's content is, by what is known of it."""
    return folder / f"{told['name']}{_ENCRYPTED if told.get('encrypted') else _PLAIN}"


def list_backups(store: Store) -> list[dict[str, Any]]:
    """Return the kept backups, newest first."""
    found: list[dict[str, Any]] = []
    for path in sorted(backups_folder(store).glob("*.json"), reverse=True):
        try:
            one = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(one, dict):
            one["name"] = path.stem
            # Several heads were once told with a "+", as in the name.
            one["revision"] = written(revisions_in(one.get("revision")))
            found += [one] if _content(path.parent, one).is_file() else []
    return found


def find_backup(store: Store, name: str) -> tuple[Path, dict[str, Any]]:
    """Return a kept backup's file, as it was when it was made, and what is known of it.

    Raises:
        DeployError: there is none of that name, or somebody has changed it.
    """
    kept = {one["name"]: one for one in list_backups(store)}
    if _NAME.fullmatch(name) is None or name not in kept:
        raise DeployError(
            f"there is no backup {name[:80]!a} on this server",
            f"Choose one of: {', '.join(list(kept)[:5]) or 'none is kept here'}",
            cause="unavailable",
        )
    path = _content(backups_folder(store), kept[name])
    if _checksum(path) != kept[name].get("sha256"):
        raise DeployError(
            f"backup {name} is not what it was when it was made",
            "Choose another one, and find out who could write there",
            cause="refused",
        )
    return path, kept[name]


def _dump(database: Postgres, taken: str, path: Path, timeout: float) -> None:
    argv = ["pg_dump", "--format=custom", "--no-password", f"--snapshot={taken}", f"--file={path}"]
    # A migration that somebody runs by hand must not make it wait for ever.
    argv.append("--lock-wait-timeout=60s")
    doing = "make a backup of the database"
    done = run(argv, database.environment(), "", timeout, doing)
    if done.code:
        raise database.failure(doing, done.errors)


def _settle(path: Path) -> dict[str, Any]:
    """Have the file on the disk; return its size in bytes and its SHA-256."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    return {"bytes": size, "sha256": _checksum(path)}


def _checksum(path: Path) -> str:
    import hashlib  # pylint: disable=import-outside-toplevel  # late: it loads OpenSSL

    total = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            total.update(block)
    return total.hexdigest()


def _plain(revision: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.+-]", "_", revision.replace(", ", "+"))[:60]


def prune(folder: Path, keep: int, spared: str = "") -> None:
    """Forget the oldest backups but ``spared``, and files that never became one."""
    proved = sorted(path.stem for path in folder.glob(f"*{_TOLD}"))
    kept = {*proved[-keep:], spared}
    for ending in (_TOLD, _PLAIN, _ENCRYPTED):
        for path in folder.glob(f"*{ending}"):
            name = path.name.removesuffix(ending)
            if name not in kept and _NAME.fullmatch(name):
                path.unlink(missing_ok=True)
