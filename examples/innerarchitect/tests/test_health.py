"""Health tells the truth, in time, and nothing else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from innerarchitect.app import create_app
from innerarchitect.health import CheckFailed, Health
from tests.support import Browser, parts_of, settings_for


def ask(app: Flask) -> tuple[int, dict[str, str]]:
    """Return the status and the checks."""
    answer = Browser(app).get("/api/health")
    assert answer.json is not None
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json) == {"status", "version", "checks"}
    assert answer.json["version"] == "1.2.3"
    assert answer.json["status"] == ("ok" if answer.status_code == 200 else "error")
    return answer.status_code, answer.json["checks"]


def set_revision(app: Flask, revision: str) -> None:
    """Pretend that the database was migrated to this revision."""
    with parts_of(app).database.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


@pytest.fixture
def revision_restored(app: Flask) -> Iterator[None]:
    """Put the revision back, because tests share a schema."""
    yield
    set_revision(app, "0002")


def test_ok_when_everything_answers(app: Flask, redis_url: str | None) -> None:
    redis = "ok" if redis_url else "not configured"
    assert ask(app) == (200, {"database": "ok", "redis": redis})


def test_error_when_the_database_is_empty(empty_database: str) -> None:
    status, checks = ask(create_app(settings_for(empty_database)))
    assert (status, checks["database"]) == (503, "error: schema is empty, expected 0002")


@pytest.mark.usefixtures("revision_restored")
def test_error_when_migrations_are_pending(app: Flask) -> None:
    set_revision(app, "0001")
    status, checks = ask(app)
    assert (status, checks["database"]) == (503, "error: schema is 0001, expected 0002")


@pytest.mark.usefixtures("revision_restored")
def test_ok_on_the_schema_of_a_later_release(app: Flask) -> None:
    set_revision(app, "0003")
    status, checks = ask(app)
    assert (status, checks["database"]) == (200, "ok")


def test_unreachable_services_are_named_without_their_addresses(
    closed_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(
        settings_for(
            f"postgresql://someuser:hush-hush@127.0.0.1:{closed_port}/somedb",
            f"redis://:hush-hush@127.0.0.1:{closed_port}/0",
        )
    )
    status, checks = ask(app)
    assert status == 503
    assert checks == {"database": "error: unreachable", "redis": "error: unreachable"}
    body = Browser(app).get("/api/health").text
    for leak in ("hush", "someuser", "somedb", "127.0.0.1", str(closed_port)):
        assert leak not in body + caplog.text


def test_pages_say_unavailable_when_sessions_are_out_of_reach(
    closed_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(settings_for("sqlite:////dev/null/x.db", f"redis://127.0.0.1:{closed_port}"))
    browser = Browser(app)
    assert browser.get("/").status_code == 200
    browser.client.set_cookie("innerarchitect", "x" * 43)
    for path in ("/", "/journal", "/api/session-check"):
        assert browser.get(path).status_code == 503
    assert "ConnectionError in GET" in caplog.text


def test_a_silent_server_is_an_error_within_the_timeout(silent_port: int) -> None:
    app = create_app(
        settings_for(
            f"postgresql://u:p@127.0.0.1:{silent_port}/d", f"redis://127.0.0.1:{silent_port}"
        )
    )
    started = time.monotonic()
    status, checks = ask(app)
    assert time.monotonic() - started < 8
    assert status == 503
    assert all(result.startswith("error: ") for result in checks.values())


def test_a_stuck_check_is_not_started_again_and_recovers() -> None:
    release = threading.Event()
    starts = []

    def stuck() -> None:
        starts.append(1)
        release.wait(10)

    health = Health({"database": stuck}, timeout=0.05)
    assert health.report() == health.report() == {"database": "error: timeout"}
    assert len(starts) == 1
    release.set()
    patient = Health({"database": stuck}, timeout=5)
    assert patient.report() == {"database": "ok"}


def test_checks_run_side_by_side() -> None:
    both = threading.Barrier(2, timeout=5)
    health = Health({"database": lambda: void(both.wait()), "redis": lambda: void(both.wait())})
    assert health.report() == {"database": "ok", "redis": "ok"}


def test_only_a_checks_own_words_are_published(caplog: pytest.LogCaptureFixture) -> None:
    def known() -> None:
        raise CheckFailed("unreachable")

    def unknown() -> None:
        raise RuntimeError("password hush-hush")

    report = Health({"database": known, "redis": unknown}).report()
    assert report == {"database": "error: unreachable", "redis": "error: check failed"}
    assert "hush" not in caplog.text


def void(_: object) -> None:
    """Drop a result."""


@pytest.fixture
def closed_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Return a port where connections are accepted by the kernel and never answered."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        yield silent.getsockname()[1]
