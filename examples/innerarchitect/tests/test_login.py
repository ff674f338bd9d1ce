"""Logging in, the limit on guessing, and the session behind the cookie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from innerarchitect.app import create_app
from tests.support import PASSWORD, Browser, FakeClock, audit_rows, parts_of, settings_for

IDLE = 900


def test_login_opens_the_journal(browser: Browser, add_user: Callable[[str], int]) -> None:
    add_user("anna")
    answer = browser.log_in("Anna ")
    assert (answer.status_code, answer.location) == (303, "/journal")
    assert browser.authenticated()


@pytest.mark.parametrize(
    ("name", "password"),
    [("anna", "wrong"), ("nobody", PASSWORD), ("", ""), ("a\x00b", PASSWORD), ("x" * 999, "y")],
)
def test_wrong_name_or_password_gets_the_same_answer(
    browser: Browser, add_user: Callable[[str], int], name: str, password: str
) -> None:
    add_user("anna")
    answer = browser.log_in(name, password)
    assert answer.status_code == 401
    assert "The name or the password is wrong." in answer.text
    assert not browser.authenticated()


def test_attempts_are_recorded_without_what_was_typed(
    app: Flask, browser: Browser, add_user: Callable[[str], int]
) -> None:
    anna_id = add_user("anna")
    browser.log_in("anna", "wrong")
    browser.log_in("my-password-by-mistake", "wrong")
    browser.log_in("anna")
    rows = audit_rows(parts_of(app))
    assert [(user, action, outcome) for user, action, _, outcome in rows] == [
        (anna_id, "login", "failed"),
        (None, "login", "failed"),
        (anna_id, "login", "ok"),
    ]
    assert "by-mistake" not in str(rows)


def test_too_many_failures_stop_even_the_right_password(
    app: Flask, browser: Browser, add_user: Callable[[str], int], clock: FakeClock
) -> None:
    add_user("anna")
    add_user("ben")
    for _ in range(5):
        assert browser.log_in("anna", "wrong").status_code == 401
    assert browser.log_in("anna").status_code == 429
    assert audit_rows(parts_of(app))[-1][-1] == "refused"
    assert Browser(app).log_in("ben").status_code == 303
    clock.advance(IDLE + 1)
    assert browser.log_in("anna").status_code == 303


def test_login_changes_the_cookie_so_a_planted_one_is_worthless(
    app: Flask, add_user: Callable[[str], int]
) -> None:
    add_user("anna")
    victim, attacker = Browser(app), Browser(app)
    victim.csrf()
    planted = victim.client.get_cookie("innerarchitect")
    assert planted is not None
    attacker.client.set_cookie("innerarchitect", planted.value)
    victim.logged_in_as("anna")
    assert victim.authenticated()
    assert not attacker.authenticated()


def test_logout_ends_the_session_on_the_server(app: Flask, anna: Browser) -> None:
    cookie = anna.client.get_cookie("innerarchitect")
    assert cookie is not None
    assert anna.post("/logout").status_code == 303
    assert not anna.authenticated()
    assert audit_rows(parts_of(app))[-1] == (anna.user_id, "logout", f"user:{anna.user_id}", "ok")
    thief = Browser(app)
    thief.client.set_cookie("innerarchitect", cookie.value)
    assert not thief.authenticated()


def test_session_ends_after_the_idle_time(anna: Browser, clock: FakeClock) -> None:
    clock.advance(IDLE - 1)
    assert anna.authenticated()
    clock.advance(1)
    assert not anna.authenticated()
    assert anna.get("/journal").location == "/login"


def test_activity_prolongs_the_session_but_asking_about_it_does_not(
    anna: Browser, clock: FakeClock
) -> None:
    clock.advance(IDLE - 1)
    assert anna.get("/journal").status_code == 200
    clock.advance(IDLE - 1)
    assert anna.authenticated()
    clock.advance(1)
    assert not anna.authenticated()


def test_session_check_counts_down(anna: Browser, clock: FakeClock) -> None:
    clock.advance(100)
    assert anna.get("/api/session-check").json == {"authenticated": True, "expires_in": IDLE - 100}


def test_activity_after_logout_does_not_bring_the_session_back(app: Flask, anna: Browser) -> None:
    cookie = anna.client.get_cookie("innerarchitect")
    assert cookie is not None
    anna.post("/logout")
    parts_of(app).sessions.touch(cookie.value)
    assert parts_of(app).sessions.find(cookie.value) is None


def test_a_deleted_user_is_logged_out(app: Flask, anna: Browser) -> None:
    from innerarchitect.models import User

    with parts_of(app).database.begin() as session:
        session.delete(session.get_one(User, anna.user_id))
    assert not anna.authenticated()


@pytest.mark.parametrize(
    ("secure", "name"), [(True, "__Host-innerarchitect"), (False, "innerarchitect")]
)
def test_cookie_attributes(database_url: str, secure: bool, name: str) -> None:
    settings = replace(settings_for(database_url), cookie_secure=secure)
    cookie = Browser(create_app(settings)).get("/login").headers["Set-Cookie"]
    assert cookie.startswith(f"{name}=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert ("Secure" in cookie.split("; ")) is secure
    assert "Domain" not in cookie
