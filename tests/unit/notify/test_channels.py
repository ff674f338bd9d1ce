"""Each channel against a peer that refuses what the real one refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.peers import MailServer, Receiver, SendGrid, Slack
from tests.peers import sendgrid as sendgrid_peer
from tests.peers import slack as slack_peer
from tests.peers.mail import PASSWORD
from tests.peers.receiver import SECRET
from tests.peers.slack_blocks import controls
from tests.unit.builders import ROOT

from .conftest import (
    FACTS,
    Notify,
    by_sendgrid,
    by_smtp,
    by_token,
    by_webhook,
    channel,
    signed,
)

RUN, COMPARE = FACTS["run_url"], FACTS["compare_url"]
EVERY_SECRET = (slack_peer.KEY, slack_peer.TOKEN, sendgrid_peer.KEY, PASSWORD, SECRET, "HookToken")


def all_text(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def test_slack_by_webhook_shows_every_fact(slack: Slack, notify: Notify) -> None:
    answer = notify(slack=by_webhook(slack))
    assert (answer["state"], answer["changed"]) == ("sent", True)
    (message,) = slack.posted
    text = all_text(message)
    for fact in ("production", "shop", "1.3.0 → 1.4.0", "0123456789ab", "Faster search", "alice"):
        assert fact in text
    for fact in ("bob", "1 min 23 s", "2 of 2", "9f9f9f9f9f9f9f9f", "To go back"):
        assert fact in text
    assert "nobody is shown" not in text
    assert controls(message) == [f"{COMPARE}|Compare the versions", f"{RUN}|Open the run"]


def test_slack_by_token_is_one_message_updated_in_place_with_details_in_its_thread(
    slack: Slack, notify: Notify
) -> None:
    started = notify("started", slack=by_token(slack))
    assert [m["blocks"][0]["text"]["text"][:1] for m in slack.messages.values()] == ["🚀"]
    done = notify(slack=by_token(slack), receipt=started["receipt"])
    assert done["state"] == "sent"
    ts = started["receipt"]["slack"]["ts"]
    assert done["receipt"]["slack"] == started["receipt"]["slack"]
    channel_messages = [one for one in slack.messages.values() if "thread_ts" not in one]
    assert len(channel_messages) == 1
    assert channel_messages[0]["blocks"][0]["text"]["text"].startswith("✅")
    assert "Faster search" in all_text(slack.threads(ts)[0])
    assert "Faster search" not in all_text(channel_messages[0])


def test_slack_posts_anew_what_it_can_no_longer_update(slack: Slack, notify: Notify) -> None:
    receipt = {"slack": {"channel": "C024BE91L", "ts": "1.000001"}}
    answer = notify(slack=by_token(slack), receipt=receipt)
    assert answer["state"] == "sent"
    assert answer["receipt"]["slack"]["ts"] in slack.messages
    assert len(slack.threads(answer["receipt"]["slack"]["ts"])) == 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"bot_token": "xoxb-another"}, "invalid_auth, the token is not accepted"),
        ({"channel": "#nowhere"}, "channel_not_found, no such channel, or the app is not in it"),
    ],
)
def test_slack_says_what_is_wrong_with_the_setup(
    slack: Slack, notify: Notify, wrong: dict[str, str], told: str
) -> None:
    answer = notify(slack=by_token(slack, **wrong))
    assert (answer["degraded"], answer.get("failed", False)) == (True, False)
    assert told in channel(answer, "slack")["reason"]
    assert channel(answer, "slack")["attempts"] == 1


def test_slack_webhook_that_was_removed_is_named_by_slack_s_code(
    slack: Slack, notify: Notify
) -> None:
    answer = notify(slack={"webhook_url": f"{slack.address}/services/T000/B000/gone"})
    assert channel(answer, "slack")["reason"].endswith("(no_service)")


def test_sendgrid_takes_the_mail_with_text_and_html(sendgrid: SendGrid, notify: Notify) -> None:
    answer = notify(email=by_sendgrid(sendgrid))
    assert answer["state"] == "sent"
    (mail,) = sendgrid.mails
    assert mail["subject"] == "[production] Deployed: shop 1.3.0 → 1.4.0"
    text, html = (part["value"] for part in mail["content"])
    assert "Faster search" in text and COMPARE in text
    assert f'href="{RUN}"' in html and "prefers-color-scheme: dark" in html
    assert mail["tracking_settings"]["click_tracking"]["enable"] is False
    assert mail["headers"]["References"].startswith("<release-")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"sendgrid_api_key": "SG.other"}, "401, the key is not accepted"),
        ({"sendgrid_api_key": sendgrid_peer.POWERLESS_KEY}, "403, the key may not do this"),
        ({"sender": "somebody@example.com"}, "403"),
        (
            {"to": ["ops@example.com", "ops@example.com"]},
            "400, the message is not as it should be (p",
        ),
    ],
)
def test_sendgrid_refusals_are_told_and_not_repeated(
    sendgrid: SendGrid, notify: Notify, wrong: dict[str, Any], told: str
) -> None:
    answer = notify(email=by_sendgrid(sendgrid, **wrong))
    assert told in channel(answer, "email")["reason"]
    assert "Deployed" not in channel(answer, "email")["reason"]
    assert len(sendgrid.requests) == 1


def test_sendgrid_says_when_a_mail_is_too_large(sendgrid: SendGrid, notify: Notify) -> None:
    sendgrid.largest = 100
    answer = notify(email=by_sendgrid(sendgrid))
    assert "413, the message is too large" in channel(answer, "email")["reason"]


def security_of(server: MailServer) -> str:
    return "tls" if server.implicit_tls else "starttls"


def test_smtp_server_gets_the_mail_encrypted_and_after_a_log_in(
    mail_server: MailServer, notify: Notify
) -> None:
    answer = notify(email=by_smtp(mail_server, security_of(mail_server)))
    assert answer["state"] == "sent", answer
    (mail,) = mail_server.mails
    assert mail_server.encrypted == [True]
    assert mail["Subject"] == "[production] Deployed: shop 1.3.0 → 1.4.0"
    assert mail["To"] == "ops@example.com, dev@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    kinds = [part.get_content_type() for part in mail.iter_parts()]
    assert kinds == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"password": "not-the-password"}, "does not accept the log-in (535)"),
        ({"ca_file": ""}, "certificate is not trusted"),
        ({"ca_file": "/does/not/exist.pem"}, "smtp.ca_file does not exist"),
    ],
)
def test_smtp_refusals_are_told_and_not_repeated(
    mail_server: MailServer, notify: Notify, wrong: dict[str, str], told: str
) -> None:
    answer = notify(email=by_smtp(mail_server, security_of(mail_server), **wrong))
    assert told in channel(answer, "email")["reason"]
    assert channel(answer, "email")["attempts"] == 1
    assert mail_server.mails == []


def test_smtp_never_falls_back_to_plain_text(tmp_path: Path, notify: Notify) -> None:
    with MailServer(tmp_path, "none") as server:
        answer = notify(email=by_smtp(server, "starttls"))
        assert "offers no STARTTLS" in channel(answer, "email")["reason"]
        assert server.mails == []


def test_smtp_partly_refused_recipients_are_counted(
    mail_server: MailServer, notify: Notify
) -> None:
    mail_server.refused = {"dev@example.com": "550 no such user dev@example.com"}
    answer = notify(email=by_smtp(mail_server, security_of(mail_server)))
    assert "refused 1 of 2 recipients" in channel(answer, "email")["reason"]
    assert len(mail_server.mails) == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("says", "attempts"), [("451 later", True), ("552 too much", False)])
def test_smtp_is_tried_again_only_when_the_server_may_take_it_later(
    mail_server: MailServer, notify: Notify, says: str, attempts: bool
) -> None:
    mail_server.answer = says
    email = by_smtp(mail_server, security_of(mail_server))
    answer = notify(email=email, timeout=2)
    assert (channel(answer, "email")["attempts"] > 1) is attempts
    assert f"answered {says[:3]}" in channel(answer, "email")["reason"]
    assert says[4:] not in str(answer)


def test_relay_on_this_machine_needs_neither_encryption_nor_log_in(
    tmp_path: Path, notify: Notify
) -> None:
    with MailServer(tmp_path, "none") as server:
        email = by_smtp(server, "none", username="", password="", ca_file="")
        assert notify(email=email)["state"] == "sent"
        assert len(server.mails) == 1


def test_webhook_is_signed_so_that_its_receiver_can_tell(
    receiver: Receiver, notify: Notify
) -> None:
    assert notify(webhook=signed(receiver))["state"] == "sent"
    (event,) = receiver.events
    assert (event["schema"], event["event"], event["version"]) == (1, "succeeded", "1.4.0")
    assert (event["failed_requests"], event["hosts_total"]) == (0, 2)
    assert "approver" in event and "log" not in event


def test_webhook_signed_with_another_secret_is_refused(receiver: Receiver, notify: Notify) -> None:
    answer = notify(webhook={**signed(receiver), "secret": "another-secret-0123456789"})
    assert "401" in channel(answer, "webhook")["reason"]
    assert receiver.events == []


def test_webhook_does_not_send_what_netrc_has_for_the_host(
    receiver: Receiver, notify: Notify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret-of-mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert notify(webhook=signed(receiver))["state"] == "sent"
    assert "authorization" not in receiver.requests[0].headers


def test_all_channels_are_told_and_a_broken_one_stops_no_other(
    slack: Slack, sendgrid: SendGrid, receiver: Receiver, notify: Notify
) -> None:
    answer = notify(
        slack=by_token(slack, bot_token="xoxb-wrong"),
        email=by_sendgrid(sendgrid),
        webhook=signed(receiver),
    )
    assert {one["name"]: one["state"] for one in answer["channels"]} == {
        "slack": "failed",
        "email": "sent",
        "webhook": "sent",
    }
    assert (answer["state"], answer["degraded"]) == ("degraded", True)
    assert any("slack" in warning for warning in map(str, answer["warnings"]))


def test_no_secret_is_in_an_answer_or_the_log(
    slack: Slack, sendgrid: SendGrid, receiver: Receiver, notify: Notify, tmp_path: Path
) -> None:
    log = tmp_path / "activity.jsonl"
    for answer in (
        notify(
            slack=by_webhook(slack),
            email=by_sendgrid(sendgrid),
            webhook=signed(receiver),
            log=str(log),
        ),
        notify(slack=by_webhook(slack) | {"webhook_url": f"{slack.webhook_url}x"}, log=str(log)),
    ):
        del answer["invocation"]
        seen = json.dumps(answer) + log.read_text()
        assert [secret for secret in EVERY_SECRET if secret in seen] == []


def test_only_the_configured_channels_libraries_are_loaded() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from iadeploy.notify.sender import notify\n"
        "print(sorted({'slack_sdk', 'sendgrid', 'requests', 'smtplib'} & set(sys.modules)))"
    )
    argv = [sys.executable, "-c", code, str(ROOT / "module_utils")]
    assert subprocess.check_output(argv, text=True).strip() == "[]"


def test_a_text_mail_is_readable_without_html(sendgrid: SendGrid, notify: Notify) -> None:
    notify("failed", email=by_sendgrid(sendgrid), message="It did not start.")
    text = sendgrid.mails[0]["content"][0]["value"]
    assert text.splitlines()[0] == "[production] Deploy failed: shop 1.3.0 → 1.4.0"
    assert max(len(line) for line in text.splitlines()) < 120
