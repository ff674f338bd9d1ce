"""One event to every channel at once, and one result."""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import DeployError
from ..masking import mask
from .activity import append
from .config import Channels, Email, Slack, Webhook, read_channels, read_timeout
from .delivery import Attempt, Delivery, deliver
from .event import Event, Message, build_event, compose

NONE, SENT, DEGRADED = "none", "sent", "degraded"
_NOTHING = "No channel is set up, so nobody is told. docs/notifications.md shows how to set one up."


def notify(params: dict[str, Any], *, check: bool = False) -> dict[str, Any]:
    """Tell every channel of an event and return the module's result.

    Args:
        params: the module's parameters, as ``NOTIFY_OPTIONS`` describes them.
        check: look at everything, send nothing.

    Raises:
        DeployError: the time limit is not allowed.
    """
    began = time.time()
    channels = read_channels(params)
    budget = read_timeout(params["timeout"])
    receipt = params["receipt"] or {}
    event = _event(params, receipt, began)
    if not channels.names():
        return _result(NONE, [], _NOTHING, {**receipt, "at": receipt.get("at", began)})
    deliveries = _broken(channels)
    if not check:
        deliveries += _all_at_once(_attempts(event, channels, receipt), budget)
    kept = {"at": receipt.get("at", began), "slack": _slack_receipt(deliveries, receipt)}
    state = DEGRADED if any(one.state == "failed" for one in deliveries) else SENT
    result = _result(state, deliveries, _sentence(event, deliveries), kept)
    if not check and params["log"]:
        result["warnings"] += _write_down(event, result, channels, params)
    result["changed"] = check or any(one.state == "sent" for one in deliveries)
    return result


def _event(params: dict[str, Any], receipt: dict[str, Any], now: float) -> Event:
    event = build_event(params["event"], dict(params))
    at = f"{datetime.fromtimestamp(now, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    duration = event.duration
    if duration is None and event.kind != "started" and isinstance(receipt.get("at"), (int, float)):
        duration = max(0.0, now - receipt["at"])
    return replace(event, at=at, duration=duration)


def _broken(channels: Channels) -> list[Delivery]:
    return [
        Delivery(name, "failed", reason=mask(problem, channels.secrets).rstrip("."))
        for name, problem in channels.problems.items()
    ]


def _attempts(
    event: Event, channels: Channels, receipt: dict[str, Any]
) -> dict[str, Attempt | None]:
    """Return how each channel sends the event, or None for one that does not want it."""
    message = compose(event)
    found: dict[str, Attempt | None] = {}
    if channels.slack is not None:
        found["slack"] = _slack(message, event, receipt, channels.slack)
    if channels.email is not None:
        found["email"] = _email(message, event, channels.email)
    if channels.webhook is not None:
        found["webhook"] = _webhook(event, channels.webhook)
    return {
        name: attempt if event.kind in getattr(channels, name).events else None
        for name, attempt in found.items()
    }


def _slack(message: Message, event: Event, receipt: dict[str, Any], channel: Slack) -> Attempt:
    from .channels import slack  # pylint: disable=import-outside-toplevel

    if not channel.bot_token:
        return partial(slack.post_webhook, channel, message)
    # The start has no details yet; what is over has them in its thread.
    in_thread = event.kind in ("succeeded", "failed", "rolled_back", "cancelled", "needs_human")
    conversation = slack.Conversation(channel, receipt.get("slack") or {})
    return partial(conversation.post, message, in_thread)


def _email(message: Message, event: Event, channel: Email) -> Attempt:
    from .email_message import write  # pylint: disable=import-outside-toplevel

    letter = write(message)
    headers = thread_headers(event, channel.sender)
    if channel.smtp is not None:
        from .channels import smtp  # pylint: disable=import-outside-toplevel

        return partial(smtp.post, channel, letter, headers)
    from .channels import sendgrid  # pylint: disable=import-outside-toplevel

    return partial(sendgrid.post, channel, letter, headers)


def thread_headers(event: Event, sender: str) -> dict[str, str]:
    """Return the headers by which mail readers keep e-mails about one release together."""
    domain = sender.rpartition("@")[2]
    headers = {"Message-ID": f"<{uuid.uuid4().hex}@{domain}>", "Auto-Submitted": "auto-generated"}
    if event.release:
        # Any text may be a release's name; a header takes only what is plain.
        key = hashlib.sha256(f"{event.environment} {event.release}".encode("utf-8", "replace"))
        thread = f"<release-{key.hexdigest()[:24]}@{domain}>"
        headers |= {"In-Reply-To": thread, "References": thread}
    return headers


def _webhook(event: Event, channel: Webhook) -> Attempt:
    from .channels import webhook  # pylint: disable=import-outside-toplevel
    from .webhook_message import body  # pylint: disable=import-outside-toplevel

    return partial(webhook.post, channel, event.kind, uuid.uuid4().hex, body(event))


def _all_at_once(attempts: dict[str, Attempt | None], budget: float) -> list[Delivery]:
    """Deliver on every channel in a thread of its own, so that a slow one holds no other up."""
    done: dict[str, Delivery] = {
        name: Delivery(name, "skipped") for name, attempt in attempts.items() if attempt is None
    }
    started = time.monotonic()

    def work(name: str, attempt: Attempt) -> None:
        done[name] = deliver(name, attempt, budget)

    threads = [
        threading.Thread(target=work, args=(name, attempt), daemon=True)
        for name, attempt in attempts.items()
        if attempt is not None
    ]
    _run(threads)
    for thread in threads:
        thread.join(max(0.0, budget + 1 - (time.monotonic() - started)))
    late = "it took longer than it may"
    return [done.get(name) or Delivery(name, "failed", reason=late) for name in attempts]


def _run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()


def _slack_receipt(deliveries: list[Delivery], before: dict[str, Any]) -> dict[str, Any]:
    found: list[dict[str, Any]] = [
        one.receipt for one in deliveries if one.channel == "slack" and one.receipt
    ]
    return found[0] if found else dict(before.get("slack") or {})


def _sentence(event: Event, deliveries: list[Delivery]) -> str:
    sent = [one.channel for one in deliveries if one.state == "sent"]
    failed = [f"{one.channel}: {one.reason}" for one in deliveries if one.state == "failed"]
    told = f"'{event.kind}' was sent by {', '.join(sent)}" if sent else ""
    lost = f"'{event.kind}' was not sent everywhere: {'; '.join(failed)}" if failed else ""
    return ". ".join(filter(None, (lost, told))) + "." if sent or failed else "Nothing to send."


def _result(
    state: str, deliveries: list[Delivery], sentence: str, receipt: dict[str, Any]
) -> dict[str, Any]:
    return {
        "changed": False,
        "state": state,
        "degraded": state == DEGRADED,
        "channels": [one.told() for one in deliveries],
        "receipt": receipt,
        "msg": sentence,
        "warnings": [sentence] if state == DEGRADED else [],
    }


def _write_down(
    event: Event, result: dict[str, Any], channels: Channels, params: dict[str, Any]
) -> list[str]:
    """Add a line to the activity log; return what the operator should know of it."""
    record = {
        "at": event.at,
        "event": event.kind,
        "environment": event.environment,
        "app": event.app,
        "version": event.version,
        "release": event.release,
        "state": result["state"],
        "channels": result["channels"],
    }
    log = Path(params["log"]).expanduser()
    try:
        append(log, record, channels.secrets, max(4096, params["log_max_bytes"]))
    except DeployError as error:
        return [str(error)]
    return []
