"""Slack, by webhook or by bot token."""

from __future__ import annotations

import logging
import re
from http.client import HTTPException
from typing import Any

from ..config import Slack
from ..delivery import Answer, judge_status
from ..event import Message
from ..slack_message import details, full, headline

# slack_sdk logs addresses and answers; nobody must read those.
_SILENT = logging.getLogger("iadeploy.silent")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False

_CODE = re.compile(r"[a-z0-9_]{1,60}")
_AGAIN = frozenset(
    ("ratelimited", "rate_limited", "internal_error", "service_unavailable", "request_timeout")
)
# The message is gone or cannot be changed any more: a new one tells the same.
_NOT_UPDATABLE = frozenset(
    ("message_not_found", "cant_update_message", "edit_window_closed", "is_inactive")
)
_HINTS = {
    "invalid_auth": "the token is not accepted",
    "not_authed": "the token is not accepted",
    "account_inactive": "the token's account is deactivated",
    "token_revoked": "the token was revoked",
    "missing_scope": "the token lacks the scope chat:write",
    "channel_not_found": "no such channel, or the app is not in it",
    "not_in_channel": "invite the app into the channel",
    "is_archived": "the channel is archived",
}


def post_webhook(channel: Slack, message: Message, timeout: float) -> Answer:
    """Make one attempt by webhook."""
    from slack_sdk.webhook.client import WebhookClient  # pylint: disable=import-outside-toplevel

    client = WebhookClient(
        channel.webhook_url,
        timeout=timeout,  # type: ignore[arg-type] # urllib takes fractions
        retry_handlers=[],
        logger=_SILENT,
    )
    try:
        answer = client.send_dict({**full(message), "unfurl_links": False})
    except (OSError, HTTPException) as error:
        return _not_reached(error)
    if answer.status_code != 200:
        return _explained(judge_status("Slack", answer.status_code, answer.headers), answer.body)
    if answer.body.strip() != "ok":
        return Answer(False, "something answered that is not Slack; look for a proxy in between")
    return Answer(True)


class Conversation:
    """One message per release by bot token: posted, updated in place, details in its thread.

    Args:
        channel: the channel's settings.
        receipt: ``channel`` and ``ts`` of the message to update; empty to post one.
    """

    def __init__(self, channel: Slack, receipt: dict[str, Any]) -> None:
        self._settings = channel
        self._receipt = dict(receipt)
        self._update = bool(receipt.get("ts") and receipt.get("channel"))
        self._told = False

    def post(self, message: Message, in_thread: bool, timeout: float) -> Answer:
        """Make one attempt; what an earlier one achieved is not done again.

        Args:
            message: what to say.
            in_thread: whether the details go into the thread of the message.
            timeout: seconds for each of the two calls.
        """
        if not self._told:
            answer = self._tell(headline(message) if in_thread else full(message), timeout)
            if not answer.sent:
                return answer
            self._told, self._receipt = True, answer.receipt
        more = details(message) if in_thread else {}
        if more:
            place = {"channel": self._receipt["channel"], "thread_ts": self._receipt["ts"]}
            answer = self._call("chat.postMessage", {**place, **more}, timeout)
            if not answer.sent:
                return Answer(
                    False,
                    f"the message is there, its details are not: {answer.reason}",
                    answer.again,
                    answer.wait,
                    self._receipt,
                )
        return Answer(True, receipt=self._receipt)

    def _tell(self, body: dict[str, Any], timeout: float) -> Answer:
        if self._update:
            place = {"channel": self._receipt["channel"], "ts": self._receipt["ts"]}
            answer = self._call("chat.update", {**place, **body}, timeout)
            if answer.reason not in _NOT_UPDATABLE:
                return answer
            self._update = False
        return self._call("chat.postMessage", {"channel": self._settings.channel, **body}, timeout)

    def _call(self, method: str, body: dict[str, Any], timeout: float) -> Answer:
        from slack_sdk.errors import SlackApiError  # pylint: disable=import-outside-toplevel
        from slack_sdk.web.client import WebClient  # pylint: disable=import-outside-toplevel

        client = WebClient(
            self._settings.bot_token,
            base_url=self._settings.api_url,
            timeout=timeout,  # type: ignore[arg-type] # urllib takes fractions
            retry_handlers=[],
            logger=_SILENT,
        )
        try:
            answer = client.api_call(method, json={**body, "unfurl_links": False})
        except SlackApiError as error:
            return _refused(error.response)
        except (OSError, HTTPException) as error:
            return _not_reached(error)
        receipt = {name: str(answer.get(name, "")) for name in ("channel", "ts")}
        return Answer(True, receipt=receipt)


def _refused(response: Any) -> Answer:
    """Explain an answer that is no success; only Slack's short codes are repeated."""
    if response.status_code != 200:
        return judge_status("Slack", response.status_code, response.headers)
    code = str(response.get("error", ""))
    if code in _NOT_UPDATABLE:
        return Answer(False, code)
    return _explained(Answer(False, "Slack did not take it", code in _AGAIN), code)


def _explained(answer: Answer, code: str) -> Answer:
    """Add Slack's short code to the reason; anything else in its place is not repeated."""
    if _CODE.fullmatch(code.strip()) is None:
        if answer.again or "answered" in answer.reason:
            return answer
        return Answer(False, "something answered that is not Slack; look for a proxy in between")
    hint = f", {_HINTS[code.strip()]}" if code.strip() in _HINTS else ""
    reason = f"{answer.reason} ({code.strip()}{hint})"
    return Answer(False, reason, answer.again, answer.wait)


def _not_reached(error: BaseException) -> Answer:
    # urllib's text may hold the address; the kind of failure is enough.
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return Answer(False, "no answer from Slack in time; whether it arrived is not known")
    return Answer(False, f"Slack was not reached ({_kind(error)})", True)


def _kind(error: BaseException) -> str:
    cause = getattr(error, "reason", error)
    return type(cause if isinstance(cause, BaseException) else error).__name__
