"""A notifier that is down, slow or absurd costs a bounded time and changes nothing else."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest

from tests.peers import Receiver, SendGrid, Slack, faults
from tests.peers.http import HttpServer
from tests.peers.receiver import SECRET

from .conftest import Notify, by_sendgrid, by_token, by_webhook, channel, signed

pytestmark = pytest.mark.usefixtures("impatient")
NAMES = ("slack webhook", "slack token", "sendgrid", "webhook")
# Far above what an attempt may take here (0.7 s), far below any library's own idea of patience.
BOUND = 6.0


@pytest.fixture(params=NAMES)
def target(request: pytest.FixtureRequest) -> tuple[HttpServer, dict[str, Any], str]:
    """A peer over HTTP, the option that leads to it, and the channel's name."""
    if request.param == "slack webhook":
        slack: Slack = request.getfixturevalue("slack")
        return slack, {"slack": by_webhook(slack)}, "slack"
    if request.param == "slack token":
        slack = request.getfixturevalue("slack")
        return slack, {"slack": by_token(slack)}, "slack"
    if request.param == "sendgrid":
        sendgrid: SendGrid = request.getfixturevalue("sendgrid")
        return sendgrid, {"email": by_sendgrid(sendgrid)}, "email"
    receiver: Receiver = request.getfixturevalue("receiver")
    return receiver, {"webhook": signed(receiver)}, "webhook"


Target = tuple[HttpServer, dict[str, Any], str]
PASSING = [
    (faults.too_many(),),
    (faults.too_many("0"),),
    (faults.too_many("soon"),),
    (faults.too_many("-5"),),
    (faults.too_many("Thu, 01 Jan 1970 00:00:00 GMT"),),
    (faults.answers(429, b"", "X-RateLimit-Reset: 1"),),
    (faults.answers(500, b"sentinel-body"), faults.answers(503), faults.answers(502)),
    (faults.reset,),
]


@pytest.mark.parametrize("met", PASSING, ids=range(len(PASSING)))
def test_what_passes_is_overcome(
    target: Target, notify: Notify, met: tuple[faults.Fault, ...]
) -> None:
    peer, options, name = target
    peer.misbehave(*met)
    answer = notify("health_alert", **options)
    assert channel(answer, name)["state"] == "sent", answer
    assert len(peer.requests) == len(met) + 1


LASTING = [
    (faults.too_many("3600"), "429"),
    (faults.answers(500, b"sentinel-body"), "500"),
    (faults.answers(401, b"sentinel-body"), "401"),
    (faults.hang, "not known"),
    (faults.drip, "not known"),
    (faults.reset, "reached"),
]


@pytest.mark.parametrize(("fault", "told"), LASTING, ids=[told for _, told in LASTING])
def test_what_lasts_is_a_warning_within_a_bounded_time(
    target: Target, notify: Notify, fault: faults.Fault, told: str
) -> None:
    peer, options, name = target
    peer.misbehave(for_good=fault)
    began = time.monotonic()
    answer = notify("health_alert", timeout=0.7, **options)
    assert time.monotonic() - began < BOUND
    assert (answer["state"], answer.get("failed", False)) == ("degraded", False)
    assert told in channel(answer, name)["reason"]
    assert "sentinel" not in str(answer["channels"]) + str(answer["msg"])
    assert peer.address not in str(answer["channels"])


def test_asked_to_wait_longer_than_there_is_time_it_gives_up_at_once(
    target: Target, notify: Notify
) -> None:
    peer, options, name = target
    peer.misbehave(for_good=faults.too_many("3600"))
    answer = notify("health_alert", timeout=5, **options)
    assert (len(peer.requests), channel(answer, name)["attempts"]) == (1, 1)


def test_asked_to_wait_a_second_it_does(target: Target, notify: Notify) -> None:
    peer, options, name = target
    peer.misbehave(faults.too_many("1"))
    assert channel(notify("health_alert", **options), name)["state"] == "sent"
    assert peer.pauses()[0] >= 1.0


def test_no_answer_is_not_tried_again(target: Target, notify: Notify) -> None:
    peer, options, name = target
    peer.misbehave(faults.hang)
    answer = notify("health_alert", timeout=0.7, **options)
    assert (len(peer.requests), channel(answer, name)["state"]) == (1, "failed")


@pytest.mark.parametrize("fault", [faults.page(200), faults.page(302)], ids=["200", "302"])
def test_a_log_in_page_is_no_success(
    slack: Slack, sendgrid: SendGrid, notify: Notify, fault: faults.Fault
) -> None:
    for peer, options in (
        (slack, {"slack": by_webhook(slack)}),
        (slack, {"slack": by_token(slack)}),
        (sendgrid, {"email": by_sendgrid(sendgrid)}),
    ):
        peer.misbehave(fault)
        answer = notify("health_alert", **options)
        assert answer["state"] == "degraded"
        assert "log in" not in str(answer["channels"])


def test_a_redirect_gets_no_signed_event(
    receiver: Receiver, sendgrid: SendGrid, notify: Notify
) -> None:
    receiver.misbehave(faults.answers(307, b"", f"Location: {sendgrid.address}/elsewhere"))
    assert notify(webhook=signed(receiver))["state"] == "degraded"
    assert sendgrid.requests == []


def test_a_repeated_delivery_can_be_told_from_a_new_one(receiver: Receiver, notify: Notify) -> None:
    receiver.misbehave(faults.answers(500))
    notify(webhook=signed(receiver))
    notify(webhook=signed(receiver))
    first, again, second = (one.headers["x-iadeploy-delivery"] for one in receiver.requests)
    assert first == again != second


def test_thread_is_completed_without_saying_the_headline_twice(
    slack: Slack, notify: Notify
) -> None:
    started = notify("started", slack=by_token(slack))
    slack.misbehave(None, faults.answers(500))
    notify(slack=by_token(slack), receipt=started["receipt"])
    assert sum(1 for one in slack.posted if one.get("thread_ts")) == 1
    assert sum(1 for one in slack.posted if "ts" in one and "thread_ts" not in one) == 1


def test_nothing_listens(notify: Notify) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    answer = notify(
        slack={"webhook_url": f"http://127.0.0.1:{port}/services/secret-part"},
        webhook={"url": f"http://127.0.0.1:{port}/secret-part", "secret": SECRET},
        email={"to": ["a@b.c"], "sender": "a@b.c", "smtp": {"host": "127.0.0.1", "port": port}},
        timeout=1,
    )
    assert {one["state"] for one in answer["channels"]} == {"failed"}
    assert "secret-part" not in str(answer["channels"]) + answer["msg"]


@pytest.mark.parametrize(
    "fault", [faults.hang, faults.drip, faults.reset], ids=lambda f: f.__name__
)
def test_a_mail_server_that_misbehaves_is_left(notify: Notify, fault: faults.Fault) -> None:
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = listener.accept()
                    fault(connection, ended)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        smtp = {"host": "127.0.0.1", "port": listener.getsockname()[1], "security": "none"}
        began = time.monotonic()
        answer = notify(email={"to": ["a@b.c"], "sender": "a@b.c", "smtp": smtp}, timeout=0.7)
        assert time.monotonic() - began < BOUND
        ended.set()
    assert channel(answer, "email")["state"] == "failed"


def test_required_fails_the_task_and_says_why(slack: Slack, notify: Notify) -> None:
    slack.misbehave(for_good=faults.answers(401))
    answer = notify(slack=by_webhook(slack), required=True)
    assert (answer["failed"], answer["degraded"]) == (True, True)
    assert "401" in answer["msg"]
