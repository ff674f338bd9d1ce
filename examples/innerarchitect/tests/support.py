"""What tests drive the application with."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from innerarchitect.models import AuditEvent
from innerarchitect.services import Services
from innerarchitect.settings import Settings, load

PASSWORD = "correct horse battery"
SECRET_KEY = "0123456789abcdef0123456789abcdef"
POSTGRESQL = os.environ.get("TEST_DATABASE_URL")
REDIS = os.environ.get("TEST_REDIS_URL")
DATABASES = [
    "sqlite",
    pytest.param(
        "postgresql",
        marks=pytest.mark.skipif(not POSTGRESQL, reason="TEST_DATABASE_URL is not set"),
    ),
]
SESSION_STORES = [
    "database",
    pytest.param("redis", marks=pytest.mark.skipif(not REDIS, reason="TEST_REDIS_URL is not set")),
]
AuditRow = tuple[int | None, str, str, str]


class FakeClock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.now += timedelta(seconds=seconds)


class Browser:
    """Follows forms the way a person does."""

    def __init__(self, app: Flask, user_id: int = 0) -> None:
        self.client = app.test_client()
        self.user_id = user_id

    def get(self, path: str) -> TestResponse:
        """Load a page."""
        return self.client.get(path)

    def csrf(self, page: str = "/login") -> str:
        """Return the token in the first form of a page."""
        found = re.search(r'name="csrf_token" value="(\w+)"', self.get(page).text)
        assert found is not None, f"{page} has no form"
        return found[1]

    def log_in(self, name: str, password: str = PASSWORD) -> TestResponse:
        """Send the login form."""
        form = {"name": name, "password": password, "csrf_token": self.csrf()}
        return self.client.post("/login", data=form)

    def logged_in_as(self, name: str) -> Browser:
        """Log in, which must work, and return this browser."""
        assert self.log_in(name).status_code == 303
        return self

    def post(self, path: str, **form: str) -> TestResponse:
        """Send a form from the journal page."""
        return self.client.post(path, data={"csrf_token": self.csrf("/journal"), **form})

    def write(self, text: str) -> str:
        """Add an entry and return its path."""
        assert self.post("/journal", text=text).status_code == 303
        found = re.search(r'href="(/journal/[0-9a-f-]{36})"', self.get("/journal").text)
        assert found is not None
        return found[1]

    def authenticated(self) -> bool:
        """Ask the API whether the login is alive."""
        return bool(self.get("/api/session-check").json["authenticated"])  # type: ignore[index]


def settings_for(database_url: str, redis_url: str | None = None) -> Settings:
    """Return the settings a server would run with."""
    variables = {"DATABASE_URL": database_url, "SECRET_KEY": SECRET_KEY, "APP_VERSION": "1.2.3"}
    if redis_url:
        variables["REDIS_URL"] = redis_url
    return replace(load(variables), cookie_secure=False)


def parts_of(app: Flask) -> Services:
    """Return the services of an application."""
    parts = app.extensions["innerarchitect"]
    assert isinstance(parts, Services)
    return parts


def audit_rows(parts: Services) -> list[AuditRow]:
    """Return the trail as (user, action, object, outcome), oldest first."""
    with parts.database.begin() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    return [(event.user_id, event.action, event.object, event.outcome) for event in events]
