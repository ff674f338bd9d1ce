"""Users, their passwords and the limit on guessing them."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from innerarchitect import audit
from innerarchitect.audit import Action, Outcome
from innerarchitect.models import AuditEvent, User

PASSWORD_CHARACTERS = (12, 256)
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
# Checked when the name is unknown, so that the answer takes as long as for a known one.
_NOBODY_HASH = "scrypt:32768:8:1$dJvdoVjLgBsFCQJL$" + "0" * 128


class AccountError(Exception):
    """A user cannot be created; the message is one sentence for the operator."""


class Verdict(Enum):
    """What a login attempt led to."""

    ACCEPTED = auto()
    WRONG = auto()
    THROTTLED = auto()


@dataclass(frozen=True)
class LoginLimit:
    """At most `failures` wrong passwords for one name within `window`."""

    failures: int
    window: timedelta


def create_user(session: Session, name: str, password: str, at: datetime) -> User:
    """Add a user; names are stored in lower case.

    Raises AccountError for an unsuitable name or password, or a name that is taken.
    """
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise AccountError("A user name is 1 to 64 of a-z, 0-9, '.', '_', '@' and '-'.")
    low, high = PASSWORD_CHARACTERS
    if not low <= len(password) <= high:
        raise AccountError(f"A password has {low} to {high} characters.")
    user = User(name=name, password_hash=generate_password_hash(password), created_at=at)
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        raise AccountError(f"The user {name} exists already.") from error
    audit.record(session, at, None, Action.CREATE_USER, f"user:{user.id}", Outcome.OK)
    return user


def authenticate(
    session: Session, name: str, password: str, at: datetime, limit: LoginLimit, secret_key: str
) -> tuple[Verdict, User | None]:
    """Check a name and password and record the attempt; the user is None unless accepted."""
    name = name.strip().lower()
    target = _login_target(name, secret_key)
    if _recent_failures(session, target, at - limit.window) >= limit.failures:
        audit.record(session, at, None, Action.LOGIN, target, Outcome.REFUSED)
        return Verdict.THROTTLED, None
    user = _find(session, name)
    known_hash = user.password_hash if user else _NOBODY_HASH
    matches = check_password_hash(known_hash, password[: PASSWORD_CHARACTERS[1] + 1])
    user_id = user.id if user else None
    if user is None or not matches:
        audit.record(session, at, user_id, Action.LOGIN, target, Outcome.FAILED)
        return Verdict.WRONG, None
    audit.record(session, at, user_id, Action.LOGIN, target, Outcome.OK)
    return Verdict.ACCEPTED, user


def _find(session: Session, name: str) -> User | None:
    if not _NAME.fullmatch(name):
        return None
    return session.scalar(select(User).where(User.name == name))


def _login_target(name: str, secret_key: str) -> str:
    # A digest, because people type passwords into the name field.
    digest = hmac.new(secret_key.encode(), f"login:{name}".encode(), hashlib.sha256)
    return f"login:{digest.hexdigest()[:32]}"


def _recent_failures(session: Session, target: str, since: datetime) -> int:
    query = select(func.count()).where(
        AuditEvent.object == target,
        AuditEvent.outcome == Outcome.FAILED,
        AuditEvent.at > since,
    )
    return session.scalar(query) or 0
