"""Which schema this code expects and which one the database has; does not load Alembic."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

_VERSIONS = Path(__file__).parent / "migrations" / "versions"


def known_revisions() -> list[str]:
    """Return the revisions of this code, oldest first, from the names `NNNN_words.py`."""
    return sorted(path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*_*.py"))


@dataclass(frozen=True)
class SchemaState:
    """The revision of the database beside the one of the code."""

    revision: str | None
    expected: str
    known: tuple[str, ...]

    @property
    def newer(self) -> bool:
        """Whether a later release has migrated the database already."""
        return self.revision is not None and self.revision not in self.known

    @property
    def usable(self) -> bool:
        """Whether this code can run on the schema.

        A newer schema is usable because migrations only expand: while a deploy is under way, and
        after a rollback, the old release runs on the new release's schema.
        """
        return self.revision == self.expected or self.newer

    @property
    def pending(self) -> int:
        """How many migrations of this code the database lacks."""
        if self.newer:
            return 0
        applied = 0 if self.revision is None else self.known.index(self.revision) + 1
        return len(self.known) - applied


def read_state(engine: Engine) -> SchemaState:
    """Ask the database for its revision; an empty database has revision None.

    Raises sqlalchemy.exc.SQLAlchemyError when the database cannot be asked.
    """
    known = tuple(known_revisions())
    return SchemaState(_revision(engine), known[-1], known)


def _revision(engine: Engine) -> str | None:
    try:
        with engine.connect() as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except (OperationalError, ProgrammingError) as error:
        if _is_missing_table(error):
            return None
        raise
    return None if found is None else str(found)


def _is_missing_table(error: OperationalError | ProgrammingError) -> bool:
    undefined_table = getattr(error.orig, "sqlstate", None) == "42P01"
    return undefined_table or "no such table" in str(error.orig)
