"""The connection pool to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from innerarchitect.environment import SettingsError
from innerarchitect.settings import Settings

# Seconds and milliseconds of libpq; a lost server is noticed instead of waited for.
_POSTGRESQL_OPTIONS = {
    "connect_timeout": 2,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "application_name": "innerarchitect",
}


class Database:
    """Hands out sessions; nothing connects before the first one is used."""

    def __init__(self, settings: Settings) -> None:
        self.engine = _engine(settings)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Give a session that commits at the end of the block and rolls back on an exception."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session


def _engine(settings: Settings) -> Engine:
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, ValueError):
        raise SettingsError("DATABASE_URL is not a valid database URL.") from None
    # hide_parameters keeps entry texts out of exception messages, and so out of the log.
    if settings.uses_sqlite:
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 5})
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    return create_engine(
        url,
        hide_parameters=True,
        connect_args=_POSTGRESQL_OPTIONS,
        pool_pre_ping=True,
        # One more than threads that serve requests, so health is not queued behind them.
        pool_size=settings.web_threads + 1,
        max_overflow=0,
        pool_timeout=5,
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # Readers go on while another worker writes.
    connection.execute("PRAGMA journal_mode = WAL")
