"""No form works without the token of the browser that loaded it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask

from tests.support import PASSWORD, Browser, audit_rows, parts_of


def test_every_post_route_refuses_a_missing_token(app: Flask, anna: Browser) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    assert len(rules) == 4
    for rule in rules:
        path = rule.rule.replace("<uuid:entry_id>", str(uuid4()))
        assert anna.client.post(path, data={"text": "planted"}).status_code == 400, path
        assert audit_rows(parts_of(app))[-1][-1] == "refused"
    assert "planted" not in anna.get("/journal").text


@pytest.mark.parametrize("token", ["", "0" * 64, "ümlaut"])
def test_a_wrong_token_is_refused(anna: Browser, token: str) -> None:
    answer = anna.client.post("/journal", data={"csrf_token": token, "text": "planted"})
    assert answer.status_code == 400
    assert "planted" not in anna.get("/journal").text


def test_a_token_of_another_browser_is_refused(anna: Browser, ben: Browser) -> None:
    form = {"csrf_token": ben.csrf("/journal"), "text": "planted"}
    assert anna.client.post("/journal", data=form).status_code == 400


def test_login_needs_a_token(browser: Browser, add_user: Callable[[str], int]) -> None:
    add_user("anna")
    form = {"name": "anna", "password": PASSWORD}
    assert browser.client.post("/login", data=form).status_code == 400
    assert not browser.authenticated()
