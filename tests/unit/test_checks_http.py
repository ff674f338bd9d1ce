"""HTTP checks against applications that misbehave in every way."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from iadeploy.checks.pattern import find

from tests.unit.check_builders import ask, run
from tests.unit.http_peer import (
    Behaviour,
    HttpPeer,
    chunked,
    drip,
    health,
    raw,
    reply,
    stall,
    together,
)

JSON = "Content-Type: application/json"
PRIVATE = "patient Jane Roe, diagnosis F32.1"


def get(peer: HttpPeer, **options: Any) -> Any:
    return ask("http", url=peer.url, **{"timeout": 2, **options})


@pytest.mark.parametrize(
    ("behaviour", "expect", "status"),
    [
        (reply(200), {}, "200"),
        (reply(404), {"status": [200, 404]}, "404"),
        (reply(200, b"a <form>"), {"body": "<form"}, "200"),
        (reply(200, b"", "X-A: yes"), {"headers": {"x-a": "^y"}}, "200"),
        (health("1.4.0"), {"version": "1.4.0"}, "200, 1.4.0"),
        (health("", database="ok"), {"json": {"checks.database": "ok"}}, "200"),
        (chunked(b'{"a"', b": 1}"), {"json": {"a": 1}}, "200"),
        (reply(200, b'{"a": null}', JSON), {"json": {"a": None}}, "200"),
    ],
)
def test_a_good_answer_is_healthy(
    http_peer: HttpPeer, behaviour: Behaviour, expect: dict[str, Any], status: str
) -> None:
    http_peer.answer(behaviour)
    told = get(http_peer, expect=expect)
    assert (told.healthy, told.status, told.cause) == (True, status, "")


@pytest.mark.parametrize(
    ("behaviour", "expect", "cause"),
    [
        (reply(503), {}, "answered 503 instead of 200"),
        (reply(200, PRIVATE.encode()), {"body": "<form"}, "the body does not match '<form'"),
        (reply(200), {"headers": {"X-A": "."}}, "the answer has no header X-A"),
        (
            reply(200, b"", "Content-Type: text/plain"),
            {"headers": {"Content-Type": "html"}},
            "header Content-Type is 'text/plain', which does not match 'html'",
        ),
        (health("1.3.0"), {"version": "1.4.0"}, "served version '1.3.0' instead of '1.4.0'"),
        (health(database="down"), {"json": {"checks.database": "ok"}}, 'checks.database is "down"'),
        (health(), {"json": {"checks.redis": "ok"}}, "the answer has nothing at checks.redis"),
        (reply(200, b'{"a": 1}'), {"json": {"a": True}}, "a is 1 instead of true"),
        (reply(200, b'{"a": {"b": 1}}'), {"json": {"a": 1}}, "a is an object instead of 1"),
        (reply(200, PRIVATE.encode()), {"json": {"a": 1}}, "the answer is no JSON"),
        (reply(200, b"[" * 100_000), {"json": {"a": 1}}, "the answer is no JSON"),
        (reply(200, b" " * (3 << 20)), {"json": {"a": 1}}, "longer than 1 MiB"),
        (raw(b""), {}, "connection closed without an answer"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), {"body": "x"}, "connection closed"),
        (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), {}, "connection closed without an answer"),
        (
            reply(200, b"no gzip", "Content-Encoding: gzip"),
            {"body": "x"},
            "cannot be decoded",
        ),
        (reply(302, b"", "Location: /login"), {}, "answered 302 instead of 200"),
    ],
)
def test_a_bad_answer_has_its_cause_and_nothing_private(
    http_peer: HttpPeer, behaviour: Behaviour, expect: dict[str, Any], cause: str
) -> None:
    http_peer.answer(behaviour)
    told = get(http_peer, expect=expect)
    assert not told.healthy
    assert cause in told.cause
    assert "Jane" not in str(told)


@pytest.mark.parametrize(
    "behaviour",
    [
        stall(),
        stall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx"),
        drip(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100, 0.05),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 500, 0.02),
    ],
    ids=["silent", "silent in the body", "drips headers", "drips"],
)
def test_who_is_slow_by_any_means_is_given_up_in_time(
    http_peer: HttpPeer, behaviour: Behaviour
) -> None:
    http_peer.answer(behaviour)
    started = time.monotonic()
    one = {"name": "a", "kind": "http", "url": http_peer.url, "timeout": 0.5}
    (told,) = run({**one, "expect": {"body": "x$"}})
    assert time.monotonic() - started < 3
    assert not told.healthy
    assert told.cause.startswith("no answer within 0.5 s from ")


def test_nobody_listens(http_peer: HttpPeer) -> None:
    http_peer.close()
    told = get(http_peer)
    assert told.cause == f"connection refused on 127.0.0.1:{http_peer.port}"
    assert "listen on that port" in told.hint


def test_a_name_that_does_not_exist() -> None:
    told = ask("http", url="http://no-such-host.invalid/", timeout=5)
    assert "no-such-host.invalid:80" in told.cause and not told.healthy


def test_redirects_are_followed_as_far_as_allowed(http_peer: HttpPeer) -> None:
    http_peer.answer(reply(302, b"", "Location: /login"), reply(200))
    assert get(http_peer, redirects=1).status == "200"
    assert http_peer.requests[-1].startswith(b"GET /login ")


def test_a_loop_of_redirects_ends(http_peer: HttpPeer) -> None:
    http_peer.answer(reply(301, b"", "Location: /api/health?secret=1"))
    told = get(http_peer, redirects=3)
    assert told.cause.startswith("redirected more than 3 times, last to http://127.0.0.1")
    assert "secret" not in told.cause
    assert len(http_peer.requests) == 4


def test_a_redirect_to_another_host_gets_no_credentials(
    http_peer: HttpPeer, second_http_peer: HttpPeer
) -> None:
    elsewhere = f"http://localhost:{second_http_peer.port}/x"
    http_peer.answer(reply(302, b"", f"Location: {elsewhere}"))
    secret: dict[str, Any] = {"token": "t0ken-Value", "secret_headers": {"X-Key": "k3y-Value"}}
    assert get(http_peer, redirects=1, **secret).healthy
    assert b"Bearer t0ken-Value" in http_peer.requests[0]
    assert b"k3y-Value" in http_peer.requests[0]
    assert b"Value" not in second_http_peer.requests[0]


def test_a_redirect_to_another_port_gets_no_credentials(
    http_peer: HttpPeer, second_http_peer: HttpPeer
) -> None:
    http_peer.answer(reply(302, b"", f"Location: {second_http_peer.url}"))
    assert get(http_peer, redirects=1, token="t0ken-Value").healthy
    assert b"Value" not in second_http_peer.requests[0]


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://a b/", "http://[x/"])
def test_a_redirect_to_no_url_is_not_followed(http_peer: HttpPeer, location: str) -> None:
    http_peer.answer(reply(302, b"", f"Location: {location}"))
    assert "no http URL" in get(http_peer, redirects=2).cause


def test_the_request_is_the_one_asked_for(http_peer: HttpPeer) -> None:
    told = ask(
        "http",
        {"base_url": f"http://shop.invalid:{http_peer.port}", "address": "127.0.0.1"},
        path="/login?next=1",
        method="HEAD",
        headers={"X-A": "b"},
        username="ops",
        password="pass-Value",
    )
    assert told.healthy
    request = http_peer.requests[0].decode()
    assert request.startswith("HEAD /login?next=1 HTTP/1.1\r\n")
    assert f"Host: shop.invalid:{http_peer.port}\r\n" in request
    assert "X-A: b\r\n" in request and "Authorization: Basic " in request


def test_a_host_header_can_be_another(http_peer: HttpPeer) -> None:
    assert get(http_peer, host_header="shop.example").healthy
    assert b"Host: shop.example\r\n" in http_peer.requests[0]


def test_the_environment_s_proxy_and_netrc_are_not_used(
    http_peer: HttpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert get(http_peer).healthy


def test_a_body_that_nobody_asked_for_is_not_waited_for(http_peer: HttpPeer) -> None:
    http_peer.answer(stall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\nx"))
    assert get(http_peer).healthy


def test_a_version_that_is_asked_for_must_be_told(http_peer: HttpPeer) -> None:
    http_peer.answer(reply(200, b'{"status": "ok"}', JSON))
    told = get(http_peer, expect={"version": "1.4.0"})
    assert (told.healthy, told.cause) == (False, "the answer has no version")
    assert "not known" in get(http_peer, expect={"release": True}).note


@pytest.mark.parametrize("body", [b'{"status": "ok"}', b"<html>", b"[1]", b'{"version": null}'])
def test_a_release_that_tells_no_version_is_a_note(http_peer: HttpPeer, body: bytes) -> None:
    http_peer.answer(reply(200, body))
    asked = {"url": http_peer.url, "expect": {"release": True}}
    told = ask("http", {"release_version": "1.4.0"}, **asked)
    assert (told.healthy, "no version" in told.note) == (True, True)


def test_fifty_checks_run_side_by_side(http_peer: HttpPeer) -> None:
    http_peer.answer(together(25))
    asked = {"kind": "http", "url": http_peer.url, "timeout": 30}
    told = run(*({**asked, "name": str(at)} for at in range(50)))
    assert [one.cause for one in told if not one.healthy] == []


def test_what_is_told_of_a_check_is_json(http_peer: HttpPeer) -> None:
    http_peer.answer(health("1.0"))
    (told,) = run({"name": "a", "kind": "http", "url": f"{http_peer.url}?token=x1y2z3"})
    assert json.loads(json.dumps(told.to_json())) == told.to_json()
    assert "x1y2z3" not in str(told)


ENDLESS = "(a+)+$"
LETTERS = b"a" * 60 + b"!"


@pytest.mark.parametrize(
    "expect", [{"body": ENDLESS}, {"headers": {"X-A": ENDLESS}}], ids=["body", "header"]
)
def test_a_pattern_that_takes_for_ever_fails_its_check_and_holds_up_no_other(
    http_peer: HttpPeer, second_http_peer: HttpPeer, expect: dict[str, Any]
) -> None:
    http_peer.answer(reply(200, LETTERS, f"X-A: {LETTERS.decode()}"))
    endless = {"name": "endless", "kind": "http", "url": http_peer.url, "expect": expect}
    other = {"name": "other", "kind": "http", "url": second_http_peer.url, "timeout": 2}
    started = time.monotonic()
    told, fine = run({**endless, "timeout": 1}, {**other, "retries": 9, "consecutive": 5})
    assert time.monotonic() - started < 30
    assert (fine.healthy, told.healthy) == (True, False), fine
    assert told.cause == "the pattern '(a+)+$' takes too long on this answer"
    assert "inside a repetition" in told.hint
    assert told.latency < 1.5  # the peer was quick


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("plain", "in plain words", True),
        ("pl[ae]in", "in PLAIN words", False),
        ("(?i)PLAIN", "in plain words", True),
        ("^b$", "a\nb", False),
        ("(?m)^b$", "a\nb\nc", True),
        ("é+\n", "\n9\nééé\n", True),
        (r"x{2}|y", "x" * (1 << 20), True),
        (".*z", "x" * 2000, False),
    ],
)
def test_a_pattern_finds_what_python_finds(pattern: str, text: str, found: bool) -> None:
    assert (re.search(pattern, text) is not None) is found
    assert find(re.compile(pattern), text) is found
