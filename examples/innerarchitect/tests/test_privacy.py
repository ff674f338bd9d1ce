"""Entries are their owner's alone, and every access leaves a row."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from innerarchitect.database import Database
from innerarchitect.journal import MAX_CHARACTERS
from innerarchitect.models import Entry
from tests.support import Browser, audit_rows, parts_of, settings_for


def test_an_owner_writes_reads_and_deletes(app: Flask, anna: Browser) -> None:
    path = anna.write("A good day.")
    assert "A good day." in anna.get(path).text
    assert anna.post(f"{path}/delete").status_code == 303
    assert anna.get(path).status_code == 404
    target = path.replace("/journal/", "entry:")
    rows = [row for row in audit_rows(parts_of(app)) if row[2] == target]
    assert rows == [
        (anna.user_id, "entry.create", target, "ok"),
        (anna.user_id, "entry.read", target, "ok"),
        (anna.user_id, "entry.delete", target, "ok"),
        (anna.user_id, "entry.read", target, "refused"),
    ]


def test_listing_shows_own_entries_only_and_is_recorded(
    app: Flask, anna: Browser, ben: Browser
) -> None:
    anna.write("Anna's secret")
    page = ben.get("/journal").text
    assert "secret" not in page
    assert audit_rows(parts_of(app))[-1] == (
        ben.user_id,
        "entry.list",
        f"journal:{ben.user_id}",
        "ok",
    )


def test_another_users_entry_looks_like_a_missing_one_and_is_recorded(
    app: Flask, anna: Browser, ben: Browser
) -> None:
    path = anna.write("Anna's secret")
    target = path.replace("/journal/", "entry:")
    foreign, missing = ben.get(path), ben.get(f"/journal/{uuid4()}")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.text == missing.text
    assert (ben.user_id, "entry.read", target, "refused") in audit_rows(parts_of(app))


def test_another_users_entry_cannot_be_deleted(app: Flask, anna: Browser, ben: Browser) -> None:
    path = anna.write("Anna's secret")
    target = path.replace("/journal/", "entry:")
    assert ben.post(f"{path}/delete").status_code == 404
    assert "secret" in anna.get(path).text
    assert (ben.user_id, "entry.delete", target, "refused") in audit_rows(parts_of(app))


@pytest.mark.parametrize(
    ("method", "path", "action", "target"),
    [
        ("GET", "/journal", "entry.list", "/journal"),
        ("POST", "/journal", "entry.create", "/journal"),
        ("GET", "/journal/{id}", "entry.read", "entry:{id}"),
        ("POST", "/journal/{id}/delete", "entry.delete", "entry:{id}"),
        ("POST", "/logout", "logout", "/logout"),
    ],
)
def test_without_a_login_everything_is_refused_and_recorded(
    app: Flask, browser: Browser, method: str, path: str, action: str, target: str
) -> None:
    entry_id = str(uuid4())
    answer = browser.client.open(path.format(id=entry_id), method=method)
    assert (answer.status_code, answer.location) == (303, "/login")
    assert audit_rows(parts_of(app)) == [(None, action, target.format(id=entry_id), "refused")]


@pytest.mark.parametrize("unsuitable", ["", "  \n ", "x" * (MAX_CHARACTERS + 1), "a\x00b"])
def test_unsuitable_text_is_given_back_with_the_reason(anna: Browser, unsuitable: str) -> None:
    answer = anna.post("/journal", text=unsuitable)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "Nothing here yet." in answer.text


def test_the_audit_trail_never_holds_text(app: Flask, anna: Browser) -> None:
    path = anna.write("unmistakable words")
    anna.get(path)
    anna.post("/journal", text="unmistakable words" + "x" * MAX_CHARACTERS)
    assert "unmistakable" not in str(audit_rows(parts_of(app)))


def test_an_access_that_cannot_be_recorded_does_not_happen(
    app: Flask, anna: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = anna.write("Anna's secret")

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("innerarchitect.audit.record", broken)
    assert anna.get(path).status_code == 500
    assert anna.client.post("/journal", data={"text": "more"}).status_code == 500


def test_a_database_error_does_not_bring_an_entry_into_log_or_answer(
    app: Flask, anna: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    token = anna.csrf("/journal")

    def create_without_time(session: Session, user_id: int, text: str, _at: object) -> None:
        session.add(Entry(id=uuid4(), user_id=user_id, text=text))
        session.flush()  # PostgreSQL quotes the whole row in its message

    monkeypatch.setattr("innerarchitect.journal.create_entry", create_without_time)
    answer = anna.client.post("/journal", data={"csrf_token": token, "text": "unmistakable"})
    assert answer.status_code == 500
    assert "IntegrityError in POST entries.create" in caplog.text
    assert "unmistakable" not in caplog.text + answer.text


def test_sqlalchemy_keeps_parameters_out_of_its_messages(database_url: str) -> None:
    database = Database(settings_for(database_url))
    with pytest.raises(SQLAlchemyError) as caught, database.begin() as session:
        session.execute(text("SELECT * FROM missing WHERE x = :x"), {"x": "unmistakable"})
    assert "unmistakable" not in str(caught.value)
