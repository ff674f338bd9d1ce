"""Private entries; each function records its access in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from innerarchitect import audit
from innerarchitect.audit import Action, Outcome
from innerarchitect.models import Entry

MAX_CHARACTERS = 20_000
PAGE_ENTRIES = 100


class EntryRefused(Exception):
    """The text cannot be stored; the message is for its author."""


def list_entries(session: Session, user_id: int, at: datetime) -> Sequence[Entry]:
    """Return the user's newest entries, at most PAGE_ENTRIES."""
    audit.record(session, at, user_id, Action.LIST, f"journal:{user_id}", Outcome.OK)
    mine = select(Entry).where(Entry.user_id == user_id)
    return session.scalars(mine.order_by(Entry.created_at.desc()).limit(PAGE_ENTRIES)).all()


def create_entry(session: Session, user_id: int, text: str, at: datetime) -> Entry:
    """Store a new entry. Raises EntryRefused for a text that is empty, too long or not text."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise EntryRefused("Write something first.")
    if len(text) > MAX_CHARACTERS:
        raise EntryRefused(f"An entry holds at most {MAX_CHARACTERS} characters.")
    # PostgreSQL cannot store this character.
    if "\x00" in text:
        raise EntryRefused("An entry holds text only.")
    entry = Entry(id=uuid4(), user_id=user_id, text=text, created_at=at)
    session.add(entry)
    audit.record(session, at, user_id, Action.CREATE, target(entry.id), Outcome.OK)
    return entry


def read_entry(session: Session, user_id: int, entry_id: UUID, at: datetime) -> Entry | None:
    """Return the entry, or None when it is another user's or does not exist."""
    return _own_entry(session, user_id, entry_id, at, Action.READ)


def delete_entry(session: Session, user_id: int, entry_id: UUID, at: datetime) -> bool:
    """Delete the entry and say whether the user had such an entry."""
    entry = _own_entry(session, user_id, entry_id, at, Action.DELETE)
    if entry is not None:
        session.delete(entry)
    return entry is not None


def target(entry_id: UUID) -> str:
    """Name an entry in the audit trail."""
    return f"entry:{entry_id}"


def _own_entry(
    session: Session, user_id: int, entry_id: UUID, at: datetime, action: Action
) -> Entry | None:
    entry = session.get(Entry, entry_id)
    allowed = entry is not None and entry.user_id == user_id
    outcome = Outcome.OK if allowed else Outcome.REFUSED
    audit.record(session, at, user_id, action, target(entry_id), outcome)
    return entry if allowed else None
