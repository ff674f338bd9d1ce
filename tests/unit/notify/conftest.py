"""The peers, and the module as Ansible runs it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from iadeploy.notify.options import NOTIFY_OPTIONS

from tests.peers import MailServer, Receiver, SendGrid, Slack
from tests.peers import sendgrid as sendgrid_peer
from tests.peers import slack as slack_peer
from tests.peers.mail import PASSWORD, USER
from tests.peers.receiver import SECRET
from tests.unit.builders import module, run_module

Notify = Callable[..., dict[str, Any]]
FACTS: dict[str, Any] = {
    "environment": "production",
    "app": "shop",
    "version": "1.4.0",
    "previous_version": "1.3.0",
    "compare_url": "https://github.com/you/shop/compare/v1.3.0...v1.4.0",
    "commit": "0123456789abcdef0123456789abcdef01234567",
    "commit_message": "Faster search\n\nA longer story that nobody is shown.",
    "actor": "alice",
    "approver": "bob",
    "duration": 83.4,
    "hosts_ok": 2,
    "hosts_total": 2,
    "health": "2 of 2 healthy",
    "failed_requests": 0,
    "run_url": "https://github.com/you/shop/actions/runs/17",
    "ledger_head": "9f" * 32,
    "next_step": "To go back: iactl rollback production",
    "release": "20260301-101500-ab12cd",
    "message": "production now serves 1.4.0 on 2 servers.",
}


@pytest.fixture
def slack() -> Iterator[Slack]:
    """A workspace."""
    with Slack() as peer:
        yield peer


@pytest.fixture
def sendgrid() -> Iterator[SendGrid]:
    """An account at SendGrid."""
    with SendGrid() as peer:
        yield peer


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of the signed webhook."""
    with Receiver() as peer:
        yield peer


@pytest.fixture(params=["starttls", "tls"])
def mail_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MailServer]:
    """A mail server that asks for a log-in, by both kinds of encryption."""
    with MailServer(tmp_path, request.param) as peer:
        yield peer


@pytest.fixture
def notify(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Notify:
    """Run the module with the facts of a deploy and these channels; return its answer."""

    def run(event: str = "succeeded", **more: Any) -> dict[str, Any]:
        code = module("notify")
        monkeypatch.setattr(code, "NOTIFY_OPTIONS", copy.deepcopy(NOTIFY_OPTIONS))
        return run_module("notify", {"event": event, **FACTS, **more}, capsys)

    return run


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pauses and attempts short; what they are for real is tested without a peer."""
    for library in ("slack_sdk.web.client", "slack_sdk.webhook.client", "sendgrid", "requests"):
        module(library)  # loading one on a busy machine must not count as a slow peer
    # The module has its helpers under this name, as Ansible hands them to it.
    delivery = module("ansible.module_utils.iadeploy.notify.delivery")
    monkeypatch.setattr(delivery, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(delivery, "ATTEMPT", 3.0)


def by_webhook(slack: Slack) -> dict[str, Any]:
    """Return the option for Slack's webhook."""
    return {"webhook_url": slack.webhook_url}


def by_token(slack: Slack, **more: Any) -> dict[str, Any]:
    """Return the option for Slack's bot."""
    token = {"bot_token": slack_peer.TOKEN, "channel": "#deploys", "api_url": slack.api_url}
    return {**token, **more}


def by_sendgrid(sendgrid: SendGrid, **more: Any) -> dict[str, Any]:
    """Return the option for e-mail by SendGrid."""
    return {
        "to": ["ops@example.com"],
        "sender": sendgrid_peer.SENDER,
        "sendgrid_api_key": sendgrid_peer.KEY,
        "sendgrid_api_url": sendgrid.address,
        **more,
    }


def by_smtp(server: MailServer, security: str, **more: Any) -> dict[str, Any]:
    """Return the option for e-mail by SMTP."""
    smtp = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": security,
        "username": USER,
        "password": PASSWORD,
        "ca_file": str(server.ca_file),
        **more,
    }
    return {
        "to": ["ops@example.com", "dev@example.com"],
        "sender": "deploy@example.com",
        "smtp": smtp,
    }


def signed(receiver: Receiver) -> dict[str, Any]:
    """Return the option for the signed webhook."""
    return {"url": receiver.url, "secret": SECRET}


def channel(answer: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what an answer says of a channel."""
    return next(one for one in answer["channels"] if one["name"] == name)
