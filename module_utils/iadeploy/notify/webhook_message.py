"""An event as signed JSON for programs. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict
from typing import Any

from .event import Event
from .text import fit, is_link, plain

SCHEMA = 1
_MAX_TEXT = 2000
_LINKS = ("compare_url", "run_url")


def body(event: Event) -> bytes:
    """Return the event as JSON in UTF-8; facts that are not known are left out."""
    return json.dumps(content(event), ensure_ascii=False, sort_keys=True).encode("utf-8")


def content(event: Event) -> dict[str, Any]:
    """Return the object that :func:`body` writes."""
    facts = asdict(event)
    kind = facts.pop("kind")
    told = {name: _told(name, value) for name, value in facts.items()}
    known = {name: value for name, value in told.items() if value is not None and value != ""}
    return {"schema": SCHEMA, "event": kind, "title": event.look.title, **known}


def _told(name: str, value: object) -> object:
    if name in _LINKS:
        return value if is_link(str(value)) else ""
    return fit(value, _MAX_TEXT, plain) if isinstance(value, str) else value


def sign(secret: str, timestamp: int, payload: bytes) -> str:
    """Return the signature header's value: HMAC-SHA256 over ``timestamp.payload``.

    Args:
        secret: what both sides know.
        timestamp: seconds since 1970; receivers refuse old ones, so that nothing can be replayed.
        payload: the request's body, byte by byte.
    """
    signed = str(timestamp).encode("ascii") + b"." + payload
    return "v1=" + hmac.new(secret.encode("utf-8"), signed, hashlib.sha256).hexdigest()
