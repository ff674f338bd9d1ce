"""Every route answers what it promises."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support import Browser


@pytest.mark.parametrize(
    ("path", "status", "content_type"),
    [
        ("/", 200, "text/html"),
        ("/login", 200, "text/html"),
        ("/journal", 303, "text/html"),
        ("/api/health", 200, "application/json"),
        ("/api/metrics", 200, "text/plain"),
        ("/api/session-check", 200, "application/json"),
        ("/static/css/style.css", 200, "text/css"),
        ("/static/js/script.js", 200, "text/javascript"),
        ("/manifest.json", 200, "application/json"),
        ("/nothing-here", 404, "text/html"),
        ("/api/nothing-here", 404, "application/json"),
    ],
)
def test_route(browser: Browser, path: str, status: int, content_type: str) -> None:
    answer = browser.get(path)
    assert (answer.status_code, answer.mimetype) == (status, content_type)


def test_pages_are_not_cached_and_carry_a_content_policy(anna: Browser) -> None:
    answer = anna.get("/journal")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_markup_in_an_entry_is_shown_as_text(anna: Browser) -> None:
    path = anna.write("<script>alert(1)</script>")
    for page in (path, "/journal"):
        assert "<script>alert" not in anna.get(page).text
        assert "&lt;script&gt;alert" in anna.get(page).text


def test_an_unexpected_failure_shows_and_logs_no_details(
    app: Flask, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/boom")
    def boom() -> str:
        raise RuntimeError("-".join(("private", "text")))

    answer = browser.get("/boom")
    assert answer.status_code == 500
    assert "RuntimeError in GET boom" in caplog.text
    assert "private-text" not in answer.text + caplog.text
