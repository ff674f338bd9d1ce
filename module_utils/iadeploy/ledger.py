"""The ledger of a host: what was begun and what became of it, in a chain that shows every change.

One JSON object per line. Each holds the hash of the one before it, so an entry that is edited,
removed or put elsewhere breaks the chain from there on. Entries are only ever appended; whoever
may write the file can still write a whole new chain, which the other servers' ledgers then
contradict.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .files import explained
from .spec import canonical_json

GENESIS = "0" * 64
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


@dataclass(frozen=True)
class Ledger:
    """What a ledger file holds.

    Attributes:
        entries: the entries that can be read, oldest first.
        length: how many there are, those that cannot be read included.
        head: the hash of the last one.
        problem: the first thing that is wrong with the chain, or an empty string.
        torn: the bytes of a last line that a crash cut short.
    """

    entries: list[dict[str, Any]]
    length: int
    head: str
    problem: str
    torn: bytes


def entry_hash(entry: dict[str, Any]) -> str:
    """Return the SHA-256 over an entry's canonical JSON, its own hash left out."""
    import hashlib  # pylint: disable=import-outside-toplevel  # late: it loads OpenSSL

    content = {name: value for name, value in entry.items() if name != "hash"}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def read_ledger(path: Path) -> Ledger:
    """Read a ledger and check its chain; a missing file is an empty one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Ledger([], 0, GENESIS, "", b"")
    *lines, torn = content.split(b"\n")
    entries, problem, head = [], "", GENESIS
    for number, line in enumerate(lines, start=1):
        entry = _entry(line)
        problem = problem or _wrong(entry, number, head)
        if entry is not None:
            entries.append(entry)
            head = str(entry.get("hash", ""))
    return Ledger(entries, len(lines), head, problem, torn)


def append(path: Path, facts: dict[str, Any]) -> None:
    """Add one entry. The caller holds the application's lock.

    What a crash left of a last line is cut off first, and an entry says so.

    Args:
        facts: what the entry tells; ``at`` among them.

    Raises:
        DeployError: the file cannot be written.
    """
    with explained(path), os.fdopen(os.open(path, _FLAGS, 0o600), "r+b") as stream:
        ledger = read_ledger(path)
        end = stream.seek(0, os.SEEK_END) - len(ledger.torn)
        stream.truncate(end)
        stream.seek(end)
        for entry in _chained(ledger, facts):
            stream.write(canonical_json(entry).encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def _chained(ledger: Ledger, facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what is to be written, each entry chained to the one before it."""
    new = [facts]
    if ledger.torn:
        said = f"{len(ledger.torn)} bytes that a crash had left of a record were cut off"
        new.insert(0, {"kind": "repair", "at": facts["at"], "reason": said})
    head = ledger.head
    for seq, one in enumerate(new, start=ledger.length + 1):
        entry = {**one, "seq": seq, "prev_hash": head}
        entry["hash"] = head = entry_hash(entry)
        yield entry


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _wrong(entry: dict[str, Any] | None, number: int, head: str) -> str:
    """Return what is wrong with the entry that should have this number, or an empty string."""
    if entry is None:
        return f"record {number} cannot be read"
    if entry.get("seq") != number or entry.get("prev_hash") != head:
        return f"record {number} does not follow the one before it"
    if entry.get("hash") != entry_hash(entry):
        return f"record {number} was changed"
    return ""
