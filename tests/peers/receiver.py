"""A receiver of the signed webhook, written from docs/notifications.md alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

from .http import HttpServer, Reply, Request

SECRET = "sentinel-webhook-secret-0123456789"
_OLDEST = 300


class Receiver(HttpServer):
    """Takes what is signed and fresh.

    Attributes:
        events: what was taken; a repeated delivery is taken once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        self._seen: set[str] = set()

    @property
    def url(self) -> str:
        """Where events go; the token in it is a credential."""
        return f"{self.address}/hooks/sentinelHookToken"

    def answer(self, request: Request) -> Reply:
        """Answer as a careful receiver does."""
        if request.path != "/hooks/sentinelHookToken":
            return Reply(404)
        if not genuine(request, SECRET, time.time()) or "authorization" in request.headers:
            return Reply(401)
        delivery = request.headers["x-iadeploy-delivery"]
        if delivery not in self._seen:
            self._seen.add(delivery)
            self.events.append(json.loads(request.body))
        return Reply(204)


def genuine(request: Request, secret: str, now: float) -> bool:
    """Whether a request was signed with the secret in the last five minutes."""
    stamp = request.headers.get("x-iadeploy-timestamp", "")
    if not stamp.isdigit() or abs(now - int(stamp)) > _OLDEST:
        return False
    signed = stamp.encode() + b"." + request.body
    right = "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(right, request.headers.get("x-iadeploy-signature", ""))
