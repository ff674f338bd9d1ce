"""E-mail by SendGrid."""

from __future__ import annotations

import json
import re
from http.client import HTTPException
from typing import Any

from ..config import Email
from ..delivery import Answer, judge_status
from ..email_message import Letter

_QUEUED = 202
_FIELD = re.compile(r"[A-Za-z0-9_.\[\]-]{1,80}")


def post(channel: Email, letter: Letter, headers: dict[str, str], timeout: float) -> Answer:
    """Make one attempt. Success means queued: SendGrid says nothing of what becomes of it."""
    import sendgrid  # pylint: disable=import-outside-toplevel
    from python_http_client.exceptions import HTTPError  # pylint: disable=import-outside-toplevel

    client = sendgrid.SendGridAPIClient(channel.sendgrid_api_key, host=channel.sendgrid_api_url)
    client.client.timeout = timeout  # it has none by itself
    try:
        answer = client.client.mail.send.post(request_body=_mail(channel, letter, headers))
    except HTTPError as error:
        return _refused(error.status_code, dict(error.headers or {}), error.body)
    except (OSError, HTTPException) as error:
        return _not_reached(error)
    if answer.status_code != _QUEUED:
        return Answer(False, "something answered that is not SendGrid; look for a proxy in between")
    return Answer(True)


def _mail(channel: Email, letter: Letter, headers: dict[str, str]) -> dict[str, Any]:
    """Return the request, as SendGrid's v3/mail/send describes it."""
    return {
        "personalizations": [{"to": [{"email": address} for address in channel.to]}],
        "from": {"email": channel.sender},
        "subject": letter.subject,
        "content": [
            {"type": "text/plain", "value": letter.text},
            {"type": "text/html", "value": letter.html},
        ],
        # Message-ID is SendGrid's own; the others thread the messages about one release.
        "headers": {name: value for name, value in headers.items() if name != "Message-ID"},
        # Rewritten links would send operators' clicks through a third party.
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }


def _refused(status: int, headers: dict[str, str], body: object) -> Answer:
    answer = judge_status("SendGrid", status, headers)
    field = _field(body)
    if status == 400 and field:
        return Answer(False, f"{answer.reason} ({field})")
    return answer


def _field(body: object) -> str:
    """Return the field that SendGrid complains about; its sentences may quote the message."""
    try:
        text = body.decode() if isinstance(body, bytes) else str(body)
        field = str(json.loads(text)["errors"][0]["field"])
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
    return field if _FIELD.fullmatch(field) else ""


def _not_reached(error: BaseException) -> Answer:
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return Answer(False, "no answer from SendGrid in time; whether it arrived is not known")
    cause = getattr(error, "reason", error)
    kind = type(cause if isinstance(cause, BaseException) else error).__name__
    return Answer(False, f"SendGrid was not reached ({kind})", True)
