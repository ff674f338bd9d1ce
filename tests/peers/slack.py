"""A Slack: incoming webhook, ``chat.postMessage`` and ``chat.update``."""

from __future__ import annotations

import json
from typing import Any

from .http import HttpServer, Reply, Request
from .slack_blocks import problems

TOKEN = "xoxb-1111-2222-sentinelToken"
KEY = "sentinelWebhookKey"
CHANNELS = {"#deploys": "C024BE91L", "C024BE91L": "C024BE91L"}
Answer = dict[str, Any]


class Slack(HttpServer):
    """A workspace with one channel, one webhook and one bot.

    Attributes:
        messages: what stands in the channel now, by its ``ts``, in order.
        posted: every message that was taken, in order, also those that were changed later.
    """

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, Any]] = {}
        self.posted: list[dict[str, Any]] = []

    @property
    def webhook_url(self) -> str:
        """The incoming webhook's address, which is its key."""
        return f"{self.address}/services/T000/B000/{KEY}"

    @property
    def api_url(self) -> str:
        """Where the web API is."""
        return f"{self.address}/api/"

    def threads(self, ts: str) -> list[dict[str, Any]]:
        """Return the answers to a message."""
        return [one for one in self.messages.values() if one.get("thread_ts") == ts]

    def answer(self, request: Request) -> Reply:
        """Answer as Slack does."""
        if request.path.startswith("/services/"):
            return self._webhook(request)
        if request.path.startswith("/api/"):
            answer = self._method(request.path.removeprefix("/api/"), request)
            kind = "application/json; charset=utf-8"
            return Reply(200, json.dumps(answer).encode(), {"Content-Type": kind})
        return Reply(404, b"no such page", {"Content-Type": "text/html"})

    def _webhook(self, request: Request) -> Reply:
        if request.path != f"/services/T000/B000/{KEY}":
            return _said(404, "no_service")
        message = _json(request)
        if message is None:
            return _said(400, "invalid_payload")
        if not message.get("text") and not message.get("blocks"):
            return _said(400, "no_text")
        if problems(message):
            return _said(400, "invalid_blocks")
        self._keep(message)
        return _said(200, "ok")

    def _method(self, method: str, request: Request) -> Answer:
        refusal = _authenticate(request)
        if refusal:
            return _no(refusal)
        message = _json(request)
        if message is None:
            return _no("invalid_json")
        if method not in ("chat.postMessage", "chat.update"):
            return _no("unknown_method")
        channel = CHANNELS.get(str(message.get("channel", "")))
        # An update takes a channel's id only.
        if channel is None or (method == "chat.update" and message["channel"] != channel):
            return _no("channel_not_found")
        if not message.get("text") and not message.get("blocks"):
            return _no("no_text")
        if problems(message):
            return _no("invalid_blocks")
        if method == "chat.update":
            return self._update(channel, message)
        if message.get("thread_ts") and message["thread_ts"] not in self.messages:
            return _no("thread_not_found")
        return {"ok": True, "channel": channel, "ts": self._keep(message)}

    def _update(self, channel: str, message: dict[str, Any]) -> Answer:
        ts = str(message.get("ts", ""))
        if ts not in self.messages:
            return _no("message_not_found")
        self.messages[ts] = {**self.messages[ts], **message}
        self.posted.append(message)
        return {"ok": True, "channel": channel, "ts": ts}

    def _keep(self, message: dict[str, Any]) -> str:
        ts = f"1772359200.{len(self.posted) + 1:06d}"
        self.messages[ts] = message
        self.posted.append(message)
        return ts


def _authenticate(request: Request) -> str:
    given = request.headers.get("authorization", "")
    if not given.startswith("Bearer "):
        return "not_authed"
    return "" if given == f"Bearer {TOKEN}" else "invalid_auth"


def _json(request: Request) -> dict[str, Any] | None:
    if not request.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        message = json.loads(request.body)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def _said(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), {"Content-Type": "text/html"})


def _no(error: str) -> Answer:
    return {"ok": False, "error": error}
