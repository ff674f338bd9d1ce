"""Backends, a clock that stands still, and browsers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, event, text
from werkzeug.security import generate_password_hash

from innerarchitect import migrate
from innerarchitect.app import create_app
from innerarchitect.database import Database
from innerarchitect.models import Base, User
from tests.support import (
    DATABASES,
    PASSWORD,
    POSTGRESQL,
    REDIS,
    SESSION_STORES,
    Browser,
    FakeClock,
    parts_of,
    settings_for,
)

_SPOILS_AUDIT = re.compile(
    r"\s*(?:UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|DROP\s+TABLE)\s+[\"\w.]*\baudit_events\b",
    re.IGNORECASE,
)
# Set on the connection that empties tables for the next test, which is no act of the application.
_BETWEEN_TESTS = "between_tests"


@pytest.fixture(scope="session", autouse=True)
def audit_records_stay() -> Iterator[None]:
    """Fail any test in which the application changes or deletes an audit record."""

    def look(*arguments: Any) -> None:
        _, _, statement, _, context, _ = arguments
        if context is not None and context.execution_options.get(_BETWEEN_TESTS):
            return
        assert _SPOILS_AUDIT.match(statement) is None, statement

    event.listen(Engine, "before_cursor_execute", look)
    yield
    event.remove(Engine, "before_cursor_execute", look)


@pytest.fixture(scope="session")
def postgresql_schemas() -> Iterator[Callable[[], str]]:
    """Make empty schemas in the test database; each URL sees only its own."""
    made: list[str] = []

    def make() -> str:
        assert POSTGRESQL is not None
        made.append(f"test_{uuid4().hex}")
        _execute(f"CREATE SCHEMA {made[-1]}")
        separator = "&" if "?" in POSTGRESQL else "?"
        return f"{POSTGRESQL}{separator}options=-csearch_path%3D{made[-1]}"

    yield make
    for name in made:
        _execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(params=DATABASES)
def empty_database(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    postgresql_schemas: Callable[[], str],
) -> str:
    """Return the URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    return postgresql_schemas()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one file that tests copy."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    engine = Database(settings_for(f"sqlite:///{path}")).engine
    migrate.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_schemas: Callable[[], str]) -> str:
    """Migrate one schema that tests empty before use."""
    url = postgresql_schemas()
    migrate.upgrade(Database(settings_for(url)).engine)
    return url


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a migrated database without rows."""
    if request.param == "sqlite":
        source = request.getfixturevalue("migrated_sqlite")
        return f"sqlite:///{shutil.copy(source, tmp_path / 'app.db')}"
    url: str = request.getfixturevalue("migrated_postgresql")
    with Database(settings_for(url)).begin() as session:
        session.connection(execution_options={_BETWEEN_TESTS: True})
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
    return url


@pytest.fixture(params=SESSION_STORES)
def redis_url(request: pytest.FixtureRequest) -> str | None:
    """Return the URL of Redis, or None where sessions live in the database."""
    return REDIS if request.param == "redis" else None


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that moves only when told."""
    return FakeClock()


@pytest.fixture
def app(database_url: str, redis_url: str | None, clock: FakeClock) -> Iterator[Flask]:
    """Build the application on every combination of backends."""
    app = create_app(settings_for(database_url, redis_url), clock)
    yield app
    parts_of(app).database.engine.dispose()


@pytest.fixture(scope="session")
def password_hash() -> str:
    """Hash the test password cheaply: real hashes are slow on purpose."""
    return generate_password_hash(PASSWORD, method="scrypt:1024:8:1")


@pytest.fixture
def add_user(app: Flask, clock: FakeClock, password_hash: str) -> Callable[[str], int]:
    """Return a function that adds a user with the test password and gives the id."""

    def add(name: str) -> int:
        with parts_of(app).database.begin() as session:
            user = User(name=name, password_hash=password_hash, created_at=clock())
            session.add(user)
            session.flush()
            return user.id

    return add


@pytest.fixture
def browser(app: Flask) -> Browser:
    """Return a browser without cookies."""
    return Browser(app)


@pytest.fixture
def anna(app: Flask, add_user: Callable[[str], int]) -> Browser:
    """Return a browser in which Anna is logged in."""
    return Browser(app, user_id=add_user("anna")).logged_in_as("anna")


@pytest.fixture
def ben(app: Flask, add_user: Callable[[str], int]) -> Browser:
    """Return a browser in which Ben is logged in."""
    return Browser(app, user_id=add_user("ben")).logged_in_as("ben")


def _execute(statement: str) -> None:
    assert POSTGRESQL is not None
    engine = create_engine(settings_for(POSTGRESQL).database_url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
