"""Server-side logins: the browser holds a random token, the server decides what it means."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from innerarchitect.clock import Clock


@dataclass(frozen=True)
class Login:
    """Who is logged in, and when the last request came (UTC)."""

    user_id: int
    seen_at: datetime


class SessionStore(Protocol):
    """Keeps logins under keys that tell nobody the token."""

    def load(self, key: str) -> Login | None:
        """Return the login of `key`, or None."""

    def create(self, key: str, login: Login) -> None:
        """Keep a new login; a store may forget logins that are past the idle time."""

    def touch(self, key: str, seen_at: datetime) -> None:
        """Move the last request's time; a login that ended meanwhile stays ended."""

    def delete(self, key: str) -> None:
        """Forget the login, if there is one."""


def new_token() -> str:
    """Return a token that cannot be guessed (256 bits)."""
    return secrets.token_urlsafe(32)


class Sessions:
    """Opens, finds and closes logins; a login ends after `idle` without a request."""

    def __init__(self, store: SessionStore, idle: timedelta, clock: Clock) -> None:
        self._store = store
        self._idle = idle
        self._clock = clock

    def open(self, user_id: int) -> str:
        """Start a login and return its token."""
        token = new_token()
        self._store.create(_key(token), Login(user_id, self._clock()))
        return token

    def find(self, token: str) -> Login | None:
        """Return the live login of a token, without counting this as activity."""
        login = self._store.load(_key(token))
        if login is None:
            return None
        if self.remaining(login) <= timedelta(0):
            self._store.delete(_key(token))
            return None
        return login

    def touch(self, token: str) -> None:
        """Count a request as activity."""
        self._store.touch(_key(token), self._clock())

    def close(self, token: str) -> None:
        """End the login on the server, whatever the browser keeps."""
        self._store.delete(_key(token))

    def remaining(self, login: Login) -> timedelta:
        """Return how long the login lives on if no request comes."""
        return login.seen_at + self._idle - self._clock()


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
