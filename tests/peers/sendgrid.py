"""A SendGrid: ``POST /v3/mail/send``."""

from __future__ import annotations

import json
import re
from typing import Any

from .http import HttpServer, Reply, Request

KEY = "SG.sentinelKey.of-sendgrid"
POWERLESS_KEY = "SG.sentinelKey.without-scope"
SENDER = "deploy@example.com"
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_KNOWN = {
    "personalizations",
    "from",
    "subject",
    "content",
    "headers",
    "tracking_settings",
    "reply_to",
    "categories",
}
# Headers that SendGrid sets itself and refuses from others.
_RESERVED = {
    "x-sg-id",
    "x-sg-eid",
    "received",
    "dkim-signature",
    "content-type",
    "content-transfer-encoding",
    "to",
    "from",
    "subject",
    "reply-to",
    "cc",
    "bcc",
}


class SendGrid(HttpServer):
    """An account with one key that may send mail and one that may not.

    Attributes:
        mails: what was queued.
        largest: bytes that a request may have.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[dict[str, Any]] = []
        self.largest = 30 << 20

    def answer(self, request: Request) -> Reply:
        """Answer as SendGrid does."""
        if (request.method, request.path) != ("POST", "/v3/mail/send"):
            return _refuse(404, "not found", "")
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if key not in (KEY, POWERLESS_KEY):
            return _refuse(401, "The provided authorization grant is invalid", "")
        if key == POWERLESS_KEY:
            return _refuse(403, "access forbidden", "")
        if len(request.body) > self.largest:
            return _refuse(413, "The JSON payload you have included is too large", "")
        try:
            mail = json.loads(request.body)
        except ValueError:
            return _refuse(400, "Bad Request", "")
        field = wrong_field(mail)
        if field:
            return _refuse(400, f"The {field} is not right: {mail.get('subject', '')}", field)
        if mail["from"]["email"] != SENDER:
            return _refuse(403, "The from address does not match a verified Sender", "from")
        self.mails.append(mail)
        return Reply(202, b"", {"X-Message-Id": "sentinel-message-id"})


def wrong_field(mail: dict[str, Any]) -> str:
    """Return the first field that the API's schema does not allow, or an empty string."""
    unknown = sorted(set(mail) - _KNOWN)
    if unknown:
        return unknown[0]
    people = mail.get("personalizations")
    if not people or not isinstance(people, list):
        return "personalizations"
    for number, one in enumerate(people):
        to = one.get("to") or []
        addresses = [str(person.get("email", "")) for person in to]
        wrong = [one for one in addresses if _ADDRESS.fullmatch(one) is None]
        if not addresses or wrong or len(set(addresses)) < len(addresses):
            return f"personalizations.{number}.to"
    if _ADDRESS.fullmatch(str((mail.get("from") or {}).get("email", ""))) is None:
        return "from.email"
    subject = mail.get("subject")
    if not subject or not isinstance(subject, str) or "\n" in subject or "\r" in subject:
        return "subject"
    return _content(mail) or _headers(mail)


def _content(mail: dict[str, Any]) -> str:
    kinds = [one.get("type") for one in mail.get("content") or []]
    if not kinds or kinds != sorted(kinds, key=lambda kind: kind != "text/plain"):
        return "content"
    for number, one in enumerate(mail["content"]):
        if not one.get("value") or not isinstance(one["value"], str):
            return f"content.{number}.value"
    return ""


def _headers(mail: dict[str, Any]) -> str:
    for name, value in (mail.get("headers") or {}).items():
        if name.lower() in _RESERVED or not isinstance(value, str) or not value.isascii():
            return f"headers.{name}"
    return ""


def _refuse(status: int, message: str, field: str) -> Reply:
    error = {"message": message, "field": field or None, "help": None}
    body = json.dumps({"errors": [error]}).encode()
    return Reply(status, body, {"Content-Type": "application/json"})
