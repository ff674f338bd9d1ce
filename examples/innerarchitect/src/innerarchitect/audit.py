"""The audit trail: one row for every access and every attempt."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from innerarchitect.models import AuditEvent


class Action(StrEnum):
    """What somebody did or tried."""

    LIST = "entry.list"
    READ = "entry.read"
    CREATE = "entry.create"
    DELETE = "entry.delete"
    LOGIN = "login"
    LOGOUT = "logout"
    CREATE_USER = "user.create"


class Outcome(StrEnum):
    """How it ended."""

    OK = "ok"
    FAILED = "failed"
    REFUSED = "refused"


def record(
    session: Session,
    at: datetime,
    user_id: int | None,
    action: Action,
    target: str,
    outcome: Outcome,
) -> None:
    """Add a row to the caller's transaction, so an access without its row cannot happen.

    `target` names the object (`entry:<id>`, `user:<id>`); it never holds what a person wrote.
    """
    session.add(AuditEvent(at=at, user_id=user_id, action=action, object=target, outcome=outcome))
