"""What the pages work with, built once from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import current_app

from innerarchitect import cache
from innerarchitect.accounts import LoginLimit
from innerarchitect.clock import Clock
from innerarchitect.database import Database
from innerarchitect.health import Health, database_check, redis_check
from innerarchitect.session_stores import DatabaseSessions, RedisSessions
from innerarchitect.sessions import Sessions, SessionStore
from innerarchitect.settings import Settings

_KEY = "innerarchitect"


@dataclass(frozen=True)
class Services:
    """The application's parts."""

    settings: Settings
    clock: Clock
    database: Database
    sessions: Sessions
    health: Health
    login_limit: LoginLimit


def build(settings: Settings, clock: Clock) -> Services:
    """Put the parts together; nothing connects yet.

    Raises SettingsError for a malformed URL.
    """
    database = Database(settings)
    idle = timedelta(seconds=settings.session_idle_seconds)
    store: SessionStore
    if settings.redis_url is None:
        check_redis = None
        store = DatabaseSessions(database, idle)
    else:
        client = cache.connect(settings.redis_url)
        check_redis = redis_check(client)
        store = RedisSessions(client, idle)
    return Services(
        settings=settings,
        clock=clock,
        database=database,
        sessions=Sessions(store, idle, clock),
        health=Health({"database": database_check(database.engine), "redis": check_redis}),
        login_limit=LoginLimit(
            settings.login_max_failures, timedelta(seconds=settings.login_window_seconds)
        ),
    )


def services() -> Services:
    """Return the parts of the application that serves this request."""
    found = current_app.extensions[_KEY]
    assert isinstance(found, Services)
    return found


def register(extensions: dict[str, object], parts: Services) -> None:
    """Attach the parts to an application."""
    extensions[_KEY] = parts
