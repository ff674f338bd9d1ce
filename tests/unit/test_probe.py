"""One HTTP question, against a real server on loopback."""

from __future__ import annotations

import gzip
import json
import time

import pytest
from iadeploy.probe import Answer, fetch, judge, served_version
from iadeploy.spec import Health

from tests.unit.http_peer import Behaviour, HttpPeer, chunked, drip, health, raw, reply, stall

ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


@pytest.mark.parametrize("status", [200, 204, 301, 404, 429, 500, 503])
def test_the_status_comes_back_as_it_is(http_peer: HttpPeer, status: int) -> None:
    http_peer.answer(reply(status))
    answer = fetch(http_peer.url, timeout=2)
    assert (answer.status, answer.error) == (status, "")


def test_the_body_comes_back(http_peer: HttpPeer) -> None:
    http_peer.answer(health("1.4.0"))
    assert served_version(fetch(http_peer.url, timeout=2).body) == "1.4.0"


def test_a_compressed_body_is_read(http_peer: HttpPeer) -> None:
    body = gzip.compress(b'{"version":"1.4.0"}')
    http_peer.answer(reply(200, body, "Content-Encoding: gzip"))
    assert served_version(fetch(http_peer.url, timeout=2).body) == "1.4.0"


def test_a_chunked_body_is_read(http_peer: HttpPeer) -> None:
    http_peer.answer(chunked(b'{"version"', b':"1.4.0"', b"}"))
    assert served_version(fetch(http_peer.url, timeout=2).body) == "1.4.0"


def test_no_more_than_64_kib_of_a_body_are_kept(http_peer: HttpPeer) -> None:
    http_peer.answer(reply(200, b"x" * 5_000_000))
    answer = fetch(http_peer.url, timeout=5)
    assert (answer.status, len(answer.body)) == (200, 65536)


def test_a_redirect_is_an_answer_and_is_not_followed(
    http_peer: HttpPeer, second_http_peer: HttpPeer
) -> None:
    http_peer.answer(reply(302, b"", f"Location: {second_http_peer.url}"))
    assert fetch(http_peer.url, timeout=2).status == 302
    assert second_http_peer.requests == []


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_not_asked(
    http_peer: HttpPeer,
    second_http_peer: HttpPeer,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv(variable, f"http://127.0.0.1:{second_http_peer.port}")
    assert fetch(http_peer.url, timeout=2).status == 200
    assert second_http_peer.requests == []


def test_the_host_header_is_the_one_asked_for(http_peer: HttpPeer) -> None:
    fetch(http_peer.url, timeout=2, host="shop.example.com")
    assert b"\r\nHost: shop.example.com\r\n" in http_peer.requests[0]


def test_without_a_host_header_the_address_stands_there(http_peer: HttpPeer) -> None:
    fetch(http_peer.url, timeout=2)
    assert f"\r\nHost: 127.0.0.1:{http_peer.port}\r\n".encode() in http_peer.requests[0]


NO_ANSWERS: list[tuple[str, Behaviour, str]] = [
    ("closes at once", raw(b""), "connection closed without an answer"),
    ("says nothing", stall(), "no answer within 0.3 s"),
    ("stops within the headers", stall(b"HTTP/1.1 200 OK\r\nConte"), "no answer within 0.3 s"),
    ("stops within the body", stall(ENDLESS + b"{"), "no answer within 0.3 s"),
    ("drips the headers", drip(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500, 0.05), "no answer within"),
    ("drips the body", drip(ENDLESS + b"x" * 500, 0.02), "no answer within 0.3 s"),
    ("closes within the body", raw(ENDLESS + b"{"), "connection closed without an answer"),
    ("speaks no HTTP", raw(b"-ERR unknown command\r\n"), "connection closed without an answer"),
    (
        "sends what is no gzip",
        reply(200, b"plain", "Content-Encoding: gzip"),
        "the answer cannot be read",
    ),
]


@pytest.mark.parametrize(
    ("behaviour", "error"), [row[1:] for row in NO_ANSWERS], ids=[row[0] for row in NO_ANSWERS]
)
def test_what_is_no_whole_answer_is_none_and_says_why_in_time(
    http_peer: HttpPeer, behaviour: Behaviour, error: str
) -> None:
    http_peer.answer(behaviour)
    started = time.monotonic()
    answer = fetch(http_peer.url, timeout=0.3)
    assert time.monotonic() - started < 8
    assert (answer.status, answer.body) == (0, b"")
    assert error in answer.error


def test_a_port_nobody_listens_on_refuses_the_connection(http_peer: HttpPeer) -> None:
    http_peer.close()
    answer = fetch(http_peer.url, timeout=2)
    assert (answer.status, answer.error) == (0, "connection refused")
    assert "app_port" in judge(answer, Health()).hint


@pytest.mark.parametrize(
    "url", ["http://", "no-url", "http://[::1", "ftp://127.0.0.1/", "http://127.0.0.1:99999/"]
)
def test_an_impossible_address_is_no_answer(url: str) -> None:
    answer = fetch(url, timeout=1)
    assert answer.status == 0
    assert answer.error


def judged(status: int, body: object = None, **settings: object) -> tuple[bool, str]:
    text = b"" if body is None else json.dumps(body).encode()
    verdict = judge(Answer(status, text, "", 0.1), Health(**settings))  # type: ignore[arg-type]
    return verdict.healthy, verdict.cause


@pytest.mark.parametrize(
    ("status", "statuses", "healthy"),
    [(200, (200,), True), (204, (200, 204), True), (204, (200,), False), (503, (200,), False)],
)
def test_only_the_wanted_statuses_are_healthy(
    status: int, statuses: tuple[int, ...], healthy: bool
) -> None:
    assert judged(status, statuses=statuses)[0] is healthy


@pytest.mark.parametrize(
    ("body", "healthy"),
    [
        ({"version": "1.4.0"}, True),
        ({"version": "1.3.0"}, False),
        ({"version": "1.4.0 "}, False),
        ({"version": "1.4.0", "status": "ok"}, True),
    ],
)
def test_a_served_version_must_be_the_expected_one(body: object, healthy: bool) -> None:
    assert judged(200, body, version="1.4.0")[0] is healthy


@pytest.mark.parametrize("body", [None, {}, [], "1.4.0", {"version": None}, {"version": 14}])
def test_an_application_without_a_version_is_healthy_and_it_is_noted(body: object) -> None:
    text = b"" if body is None else json.dumps(body).encode()
    verdict = judge(Answer(200, text, "", 0.1), Health(version="1.4.0"))
    assert verdict.healthy
    assert "not checked" in verdict.note
    assert judge(Answer(200, text, "", 0.1), Health()).note == ""


def test_failing_checks_are_named_and_their_text_is_not_repeated() -> None:
    checks = {"database": "password of maria wrong", "redis": "ok", "mail": "not configured"}
    healthy, cause = judged(503, {"checks": checks})
    assert not healthy
    assert cause == "answered 503 instead of 200 (failing: database)"


@pytest.mark.parametrize(
    ("body", "healthy"),
    [
        ({"status": "ok", "checks": {"database": "ok", "mail": "not configured"}}, True),
        ({"status": "ok", "checks": {"database": "error: no such table"}}, False),
        ({"status": "ok", "checks": {"database": False}}, False),
        ({"status": "DOWN"}, False),
        ({"status": "unhealthy", "checks": {}}, False),
        # Words of an application's own say nothing, and neither does what is no word.
        ({"status": "serving", "checks": {"database": "3 ms", "queue": {"depth": 4}}}, True),
        ({"status": 1, "checks": {"database": None}}, True),
    ],
)
def test_an_answer_that_calls_itself_unwell_is_not_healthy_with_200(
    body: object, healthy: bool
) -> None:
    assert judged(200, body)[0] is healthy
    # Who accepts other statuses takes them as they come.
    assert judged(503, body, statuses=(200, 503))[0] is True


@pytest.mark.parametrize("checks", [None, [], "down", {str(n) * 99: "x" for n in range(99)}])
def test_a_strange_body_makes_no_long_cause(checks: object) -> None:
    assert len(judged(500, {"checks": checks})[1]) < 600


def test_a_foreign_version_is_shown_escaped_and_short() -> None:
    _, cause = judged(200, {"version": "\x1b[31m" + "9" * 500}, version="1")
    assert cause.isprintable()
    assert len(cause) < 200


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 5000, b'"1"', b"null", b"NaN"])
def test_a_body_that_is_no_object_has_no_version(body: bytes) -> None:
    assert served_version(body) == ""
