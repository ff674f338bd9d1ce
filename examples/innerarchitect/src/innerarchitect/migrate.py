"""Brings the database to the schema of this code."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from innerarchitect.schema import SchemaState, read_state


class MigrationError(Exception):
    """The schema could not be read or changed; the message is one sentence without secrets."""


def check(engine: Engine) -> SchemaState:
    """Return where the schema is. Raises MigrationError when the database does not answer."""
    try:
        return read_state(engine)
    except SQLAlchemyError as error:
        raise MigrationError(f"The schema cannot be read: {_reason(error)}.") from error


def upgrade(engine: Engine) -> tuple[SchemaState, SchemaState]:
    """Apply what is missing and return the state before and after; nothing missing is fine.

    Safe to run on several servers at once: on PostgreSQL they queue on an advisory lock.
    Raises MigrationError when a migration fails; its changes are rolled back.
    """
    before = check(engine)
    if before.usable:
        return before, before
    try:
        _run_alembic(engine)
    except SQLAlchemyError as error:
        raise MigrationError(
            f"The migration failed, the schema stays at {before.revision}: {_reason(error)}."
        ) from error
    return before, check(engine)


def _run_alembic(engine: Engine) -> None:
    # Imported here because it costs a third of a server's start and is rarely needed.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


def _reason(error: SQLAlchemyError) -> str:
    """Shorten a driver's message to its first line; drivers name hosts there, never passwords."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines() or [""]
    return f"{type(cause).__name__}: {lines[0][:200]}".rstrip(" .:")
