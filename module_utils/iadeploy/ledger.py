"""The ledger of a host: what was begun and what became of it, in a chain that shows every change.

One JSON object per line. Each holds the hash of the one before it, so an entry that is edited,
removed or put elsewhere breaks the chain from there on. Entries are only ever appended; whoever
may write the file can still write a whole new chain, which the other servers' ledgers then
contradict.

A broken chain is never mended. An operator may acknowledge it: that appends an entry with the
SHA-256 of everything before it, and from then on any further change shows again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .files import explained
from .spec import canonical_json

GENESIS = "0" * 64
ACKNOWLEDGED = "acknowledged"
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
        acknowledged: what was wrong with the chain before an operator acknowledged it.
    """

    entries: list[dict[str, Any]]
    length: int
    head: str
    problem: str
    torn: bytes
    acknowledged: tuple[str, ...] = ()


def _sha256(content: bytes) -> str:
    import hashlib  # pylint: disable=import-outside-toplevel  # late: it loads OpenSSL

    return hashlib.sha256(content).hexdigest()


def entry_hash(entry: dict[str, Any]) -> str:
    """Return the SHA-256 over an entry's canonical JSON, its own hash left out."""
    content = {name: value for name, value in entry.items() if name != "hash"}
    return _sha256(canonical_json(content).encode())


def read_ledger(path: Path) -> Ledger:
    """Read a ledger and check its chain; a missing file is an empty one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Ledger([], 0, GENESIS, "", b"")
    *lines, torn = content.split(b"\n")
    entries, problem, head, acknowledged = [], "", GENESIS, []
    for number, line in enumerate(lines, start=1):
        entry = _entry(line)
        wrong = _wrong(entry, number, head)
        if problem and not wrong and entry and _covers(entry, lines[: number - 1]):
            acknowledged.append(problem)
            problem = ""
        problem = problem or wrong
        if entry is not None:
            entries.append(entry)
            head = str(entry.get("hash", ""))
    return Ledger(entries, len(lines), head, problem, torn, tuple(acknowledged))


def append(path: Path, facts: dict[str, Any]) -> None:
    """Add one entry. Only one process does at a time, whatever other locks it holds.

    What a crash left of a last line is cut off first, and an entry says so.

    Args:
        facts: what the entry tells; ``at`` among them.

    Raises:
        DeployError: the file cannot be written.
    """
    with explained(path), os.fdopen(os.open(path, _FLAGS, 0o600), "r+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)  # until the file is closed
        ledger = read_ledger(path)
        end = stream.seek(0, os.SEEK_END) - len(ledger.torn)
        stream.truncate(end)
        stream.seek(end)
        for entry in _chained(ledger, [*_repair(ledger, facts), facts]):
            stream.write(canonical_json(entry).encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def acknowledge(path: Path, facts: dict[str, Any]) -> str:
    """Let a broken chain count again from here on. The caller holds the application's lock.

    Args:
        facts: what the entry tells: who, when and why.

    Returns:
        What was wrong with the chain; an empty string when nothing was, and nothing is written.

    Raises:
        DeployError: the file cannot be written.
    """
    problem = read_ledger(path).problem
    if not problem:
        return ""
    # A record of its own, so that the file ends with a whole line before its hash is taken.
    append(path, {"kind": "finding", "at": facts["at"], "reason": problem})
    covers = _sha256(path.read_bytes())
    append(path, {**facts, "kind": ACKNOWLEDGED, "problem": problem, "covers": covers})
    return problem


def _covers(entry: dict[str, Any], before: list[bytes]) -> bool:
    """Whether an entry acknowledges the lines before it, just as they are."""
    if entry.get("kind") != ACKNOWLEDGED:
        return False
    return entry.get("covers") == _sha256(b"".join(line + b"\n" for line in before))


def _repair(ledger: Ledger, facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the entry that tells of a torn last line, when there is one."""
    if not ledger.torn:
        return []
    said = f"{len(ledger.torn)} bytes that a crash had left of a record were cut off"
    return [{"kind": "repair", "at": facts["at"], "reason": said}]


def _chained(ledger: Ledger, new: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield what is to be written, each entry chained to the one before it."""
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
