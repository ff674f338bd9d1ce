"""A message in Slack's Block Kit, within its limits. Pure.

Limits: 50 blocks, header 150, section text 3,000, 10 fields of 2,000 characters each, and about
13,200 in all (https://docs.slack.dev/reference/block-kit/blocks). Ours are lower, so that the sum
cannot pass the last one.
"""

from __future__ import annotations

from typing import Any

from .event import Message, Row
from .text import fit, plain, slack

_HEADER, _TEXT, _NEXT, _FIELD, _FALLBACK = 150, 2000, 1000, 300, 600
_FIELDS = 10
Block = dict[str, Any]


def full(message: Message) -> dict[str, Any]:
    """Return the whole message: for webhooks, and for messages that nobody will answer to."""
    return _body(message, [_header(message), *_text(message), *_facts(message), *_footer(message)])


def headline(message: Message) -> dict[str, Any]:
    """Return what stands in the channel when the details are in the message's thread."""
    version = [row for row in message.rows if row.label in ("Version", "By", "Took", "Servers")]
    return _body(message, [_header(message), *_text(message), *_fields(version), *_footer(message)])


def details(message: Message) -> dict[str, Any]:
    """Return the thread's message, or an empty dictionary when there are no details."""
    facts = _facts(message)
    return _body(message, facts) if facts else {}


def _body(message: Message, blocks: list[Block]) -> dict[str, Any]:
    return {"text": fit(message.title, _FALLBACK, slack), "blocks": blocks}


def _header(message: Message) -> Block:
    text = {"type": "plain_text", "text": fit(message.title, _HEADER, plain), "emoji": False}
    return {"type": "header", "text": text}


def _text(message: Message) -> list[Block]:
    if not message.text:
        return []
    return [{"type": "section", "text": _mrkdwn(fit(message.text, _TEXT, slack))}]


def _facts(message: Message) -> list[Block]:
    return _fields(list(message.rows))


def _fields(rows: list[Row]) -> list[Block]:
    fields = [_mrkdwn(f"*{row.label}*\n{_value(row)}") for row in rows[:_FIELDS]]
    return [{"type": "section", "fields": fields}] if fields else []


def _value(row: Row) -> str:
    shown = fit(row.value, _FIELD, slack)
    return f"<{slack_url(row.url)}|{shown}>" if row.url else shown


def _footer(message: Message) -> list[Block]:
    lines = []
    if message.next_step:
        lines.append(f"*Next:* {fit(message.next_step, _NEXT, slack)}")
    if message.run_url:
        lines.append(f"<{slack_url(message.run_url)}|Open the run>")
    if not lines:
        return []
    return [{"type": "section", "text": _mrkdwn("\n".join(lines))}]


def slack_url(url: str) -> str:
    """Return a web address for use between ``<`` and ``|``; its pattern allows no other sign."""
    return url.replace("&", "&amp;")


def _mrkdwn(text: str) -> Block:
    # verbatim: Slack makes no links or mentions of what only looks like them.
    return {"type": "mrkdwn", "text": text, "verbatim": True}
