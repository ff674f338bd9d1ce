"""Runs the migrations in one transaction; loaded by Alembic only."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, Engine, text

from innerarchitect.models import Base

# Any number will do as long as every release uses the same one.
_LOCK_KEY = 7_203_114_605


def _queue_up(connection: Connection) -> None:
    """Let one migration run at a time, and let none of them stop the traffic.

    A DDL statement that waits for a table lock makes every later query wait behind it, so it
    gives up after 5 seconds; waiting for another server's migration may take a minute.
    """
    connection.execute(text("SET LOCAL lock_timeout = '60s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))


def _run(engine: Engine) -> None:
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            _queue_up(connection)
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()


_run(context.config.attributes["engine"])
