"""All settings of the application, validated once at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from innerarchitect import datadir
from innerarchitect.environment import Environment, SettingsError

POSTGRESQL_DRIVER = "postgresql+psycopg"
MAX_WORKERS = 32
_SECRET_KEY_CHARACTERS = 32
_REDIS_SCHEMES = ("redis://", "rediss://", "unix://")


@dataclass(frozen=True)
class Settings:
    """What the application runs with; secrets stay out of `repr`."""

    database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    secret_key: str = field(repr=False)
    app_version: str
    port: int
    web_workers: int
    web_threads: int
    auto_migrate: bool
    cookie_secure: bool
    session_idle_seconds: int
    login_max_failures: int
    login_window_seconds: int
    notice: str | None = None
    """A sentence for the log about a choice the operator should know of."""

    @property
    def uses_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.database_url.startswith("sqlite:")


def load(variables: Mapping[str, str]) -> Settings:
    """Build the settings from environment variables.

    Raises SettingsError, in one sentence, for the first setting that is missing or wrong.
    """
    environment = Environment(variables)
    database_url = _database_url(environment.text("DATABASE_URL"))
    secret_key = _secret_key(environment.text("SECRET_KEY"))
    embedded = database_url is None or database_url.startswith("sqlite:")
    notice = None
    if database_url is None or (embedded and secret_key is None):
        directory = datadir.choose(environment.text("DATA_DIR"))
        database_url = database_url or f"sqlite:///{directory}/innerarchitect.db"
        secret_key = secret_key or datadir.secret_key(directory)
        notice = f"Embedded mode: {datadir.describe(directory)}"
    if secret_key is None:
        raise SettingsError("SECRET_KEY (or SECRET_KEY_FILE) is required with this DATABASE_URL.")
    return Settings(
        database_url=database_url,
        redis_url=_redis_url(environment.text("REDIS_URL")),
        secret_key=secret_key,
        app_version=environment.text("APP_VERSION") or "dev",
        port=environment.integer("PORT", 8000, 1, 65535),
        web_workers=environment.integer("WEB_WORKERS", 2, 1, MAX_WORKERS),
        web_threads=environment.integer("WEB_THREADS", 4, 1, 64),
        auto_migrate=environment.flag("AUTO_MIGRATE", embedded),
        cookie_secure=environment.flag("COOKIE_SECURE", not embedded),
        session_idle_seconds=environment.integer("SESSION_IDLE_SECONDS", 900, 10, 86400),
        login_max_failures=environment.integer("LOGIN_MAX_FAILURES", 5, 1, 1000),
        login_window_seconds=environment.integer("LOGIN_WINDOW_SECONDS", 900, 1, 86400),
        notice=notice,
    )


def _database_url(url: str | None) -> str | None:
    if url is None:
        return None
    scheme, separator, rest = url.partition("://")
    if separator and scheme in ("postgres", "postgresql", POSTGRESQL_DRIVER):
        return f"{POSTGRESQL_DRIVER}://{rest}"
    if separator and scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return url
    # The value may hold a password, so the message does not repeat it.
    raise SettingsError("DATABASE_URL must start with postgresql:// or sqlite:///FILE.")


def _redis_url(url: str | None) -> str | None:
    if url is not None and not url.startswith(_REDIS_SCHEMES):
        raise SettingsError(f"REDIS_URL must start with one of {', '.join(_REDIS_SCHEMES)}.")
    return url


def _secret_key(key: str | None) -> str | None:
    if key is not None and len(key) < _SECRET_KEY_CHARACTERS:
        raise SettingsError(f"SECRET_KEY must have at least {_SECRET_KEY_CHARACTERS} characters.")
    return key
