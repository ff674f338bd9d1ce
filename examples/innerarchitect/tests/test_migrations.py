"""Migrations bring an empty database to what the code expects."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

import innerarchitect
from innerarchitect import migrate
from innerarchitect.database import Database
from innerarchitect.models import Base
from innerarchitect.schema import known_revisions
from tests.support import settings_for


@pytest.fixture
def engine(empty_database: str) -> Engine:
    """Return the engine of a database without tables."""
    return Database(settings_for(empty_database)).engine


def test_upgrade_reaches_the_head_and_is_idempotent(engine: Engine) -> None:
    assert migrate.check(engine).pending == len(known_revisions())
    before, after = migrate.upgrade(engine)
    assert (before.revision, after.revision) == (None, known_revisions()[-1])
    assert migrate.upgrade(engine) == (after, after)
    assert after.usable and after.pending == 0


def test_migrations_and_models_describe_the_same_tables(engine: Engine) -> None:
    migrate.upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_revisions_by_file_name_are_those_of_alembic() -> None:
    config = Config()
    folder = Path(innerarchitect.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    scripts = ScriptDirectory.from_config(config)
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert known_revisions() == revisions[::-1]
    assert scripts.get_heads() == [known_revisions()[-1]]


def test_a_newer_schema_is_left_alone(engine: Engine) -> None:
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before, after = migrate.upgrade(engine)
    assert before.newer and after.revision == "9999" and after.pending == 0


def test_a_failed_migration_changes_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE sessions (x INTEGER)"))  # collides with 0002
    with pytest.raises(migrate.MigrationError, match="the schema stays at None"):
        migrate.upgrade(engine)
    assert migrate.check(engine).revision is None
