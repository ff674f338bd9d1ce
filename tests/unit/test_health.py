"""Waiting for health, against a real server on loopback."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from iadeploy.container import Container
from iadeploy.health import wait_healthy
from iadeploy.spec import Health

from tests.unit.builders import container, failure_of
from tests.unit.http_peer import HttpPeer, health, reply, stall

QUICK = Health(interval=0.01, timeout=2.0, deadline=20.0)
RUNNING = container()


def seen(*containers: Container | None) -> Callable[[], Container | None]:
    """Return the containers one look after the other; the last one stays."""
    left = list(containers)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def test_good_answers_in_a_row_are_health(http_peer: HttpPeer) -> None:
    watch = wait_healthy(http_peer.url, QUICK, seen(RUNNING))
    assert (watch.attempts, watch.consecutive, watch.status) == (2, 2, 200)


def test_one_bad_answer_starts_the_count_anew(http_peer: HttpPeer) -> None:
    bad, good = reply(503), reply(200)
    http_peer.answer(bad, good, bad, good, good)
    assert wait_healthy(http_peer.url, QUICK, seen(RUNNING)).attempts == 5


def test_as_many_good_answers_as_asked_for_and_no_more(http_peer: HttpPeer) -> None:
    more = Health(interval=0.01, consecutive=4)
    assert wait_healthy(http_peer.url, more, seen(RUNNING)).attempts == 4
    assert len(http_peer.requests) == 4


def test_an_application_that_starts_late_is_waited_for(http_peer: HttpPeer) -> None:
    http_peer.answer(stall(), reply(503), health("1.4.0"))
    expected = Health(interval=0.01, timeout=1.0, version="1.4.0")
    assert wait_healthy(http_peer.url, expected, seen(RUNNING)).attempts == 4


@pytest.mark.parametrize(
    ("died", "told"),
    [
        (container(state="exited", exit_code=3), "exited with code 3"),
        (container(state="exited", exit_code=137, out_of_memory=True), "killed for memory"),
        (container(restarts=2), "was restarted 2 times"),
        (container(state="restarting", restarts=1), "crashed and was restarted once"),
        (None, "was removed"),
    ],
)
def test_a_dead_container_ends_the_wait_at_once(
    http_peer: HttpPeer, died: Container | None, told: str
) -> None:
    http_peer.answer(reply(503))
    started = time.monotonic()
    error = failure_of(lambda: wait_healthy(http_peer.url, QUICK, seen(RUNNING, RUNNING, died)))
    assert time.monotonic() - started < 15
    assert (error.cause, error.evidence["attempts"]) == ("unhealthy", 2)
    assert told in error.what


def test_a_container_that_dies_after_its_last_good_answer_is_not_healthy(
    http_peer: HttpPeer,
) -> None:
    died = container(state="exited", exit_code=1)
    look = seen(RUNNING, RUNNING, died)
    assert failure_of(lambda: wait_healthy(http_peer.url, QUICK, look)).cause == "unhealthy"


def test_after_the_deadline_the_failure_says_what_was_answered_last(http_peer: HttpPeer) -> None:
    http_peer.answer(reply(500))
    short = Health(path="/api/health", interval=0.02, deadline=1.0)
    error = failure_of(lambda: wait_healthy(http_peer.url, short, seen(RUNNING)))
    assert error.cause == "unhealthy"
    assert http_peer.url in error.what and "answered 500 instead of 200" in error.what
    assert error.evidence["status"] == 500
    assert error.evidence["attempts"] == len(http_peer.requests) > 1
    assert 0 < error.evidence["seconds"] < 8
    assert error.evidence["cause"] == "answered 500 instead of 200"


def test_a_silent_application_does_not_outlive_the_deadline_by_more_than_one_attempt(
    http_peer: HttpPeer,
) -> None:
    http_peer.answer(stall())
    short = Health(timeout=0.1, interval=0.01, deadline=0.15)
    started = time.monotonic()
    error = failure_of(lambda: wait_healthy(http_peer.url, short, seen(RUNNING)))
    assert time.monotonic() - started < 8
    assert "no answer within 0.1 s" in error.what


def test_the_old_release_s_answer_is_not_the_candidate_s_health(http_peer: HttpPeer) -> None:
    http_peer.answer(health("1.3.0"))
    expected = Health(interval=0.02, deadline=0.1, version="1.4.0")
    error = failure_of(lambda: wait_healthy(http_peer.url, expected, seen(RUNNING)))
    assert "'1.3.0' instead of '1.4.0'" in error.what


def test_the_evidence_holds_no_body(http_peer: HttpPeer) -> None:
    http_peer.answer(reply(500, b"patient record 4711"))
    short = Health(interval=0.02, deadline=0.05)
    error = failure_of(lambda: wait_healthy(http_peer.url, short, seen(RUNNING)))
    assert "4711" not in f"{error} {error.evidence}"
