"""The two places where logins are kept: Redis when there is one, else the database."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, update

from innerarchitect.database import Database
from innerarchitect.models import StoredSession
from innerarchitect.sessions import Login

if TYPE_CHECKING:
    from redis import Redis


class DatabaseSessions:
    """Keeps logins in the `sessions` table."""

    def __init__(self, database: Database, idle: timedelta) -> None:
        self._database = database
        self._idle = idle

    def load(self, key: str) -> Login | None:
        """Return the login of `key`, or None."""
        with self._database.begin() as session:
            row = session.get(StoredSession, key)
            return Login(row.user_id, row.seen_at) if row else None

    def create(self, key: str, login: Login) -> None:
        """Keep a new login and drop those that ran out."""
        outdated = StoredSession.seen_at <= login.seen_at - self._idle
        with self._database.begin() as session:
            session.execute(delete(StoredSession).where(outdated))
            session.add(StoredSession(key=key, user_id=login.user_id, seen_at=login.seen_at))

    def touch(self, key: str, seen_at: datetime) -> None:
        """Move the last request's time, if the login still exists."""
        statement = update(StoredSession).where(StoredSession.key == key)
        with self._database.begin() as session:
            session.execute(statement.values(seen_at=seen_at))

    def delete(self, key: str) -> None:
        """Forget the login, if there is one."""
        with self._database.begin() as session:
            session.execute(delete(StoredSession).where(StoredSession.key == key))


class RedisSessions:
    """Keeps logins in Redis, which forgets them by itself after the idle time."""

    def __init__(self, client: Redis, idle: timedelta) -> None:
        self._client = client
        self._idle = idle

    def load(self, key: str) -> Login | None:
        """Return the login of `key`, or None."""
        value = self._client.get(_name(key))
        if not isinstance(value, bytes):
            return None
        fields = json.loads(value)
        return Login(fields["user_id"], datetime.fromisoformat(fields["seen_at"]))

    def create(self, key: str, login: Login) -> None:
        """Keep a new login."""
        self._client.set(_name(key), _encode(login), ex=self._idle)

    def touch(self, key: str, seen_at: datetime) -> None:
        """Move the last request's time, if the login still exists."""
        login = self.load(key)
        if login is not None:
            # xx: a logout between these two commands must not be undone.
            value = _encode(Login(login.user_id, seen_at))
            self._client.set(_name(key), value, ex=self._idle, xx=True)

    def delete(self, key: str) -> None:
        """Forget the login, if there is one."""
        self._client.delete(_name(key))


def _name(key: str) -> str:
    return f"innerarchitect:session:{key}"


def _encode(login: Login) -> str:
    return json.dumps({"user_id": login.user_id, "seen_at": login.seen_at.isoformat()})
