"""A message in Slack's Block Kit, within its limits. Pure.

Limits: 50 blocks, header 150, section text 3,000, 10 fields of 2,000 characters each, and about
13,200 in all (https://docs.slack.dev/reference/block-kit/blocks). Ours are lower, so that the sum
cannot pass the last one.

Text from outside stands in plain text objects only: Slack's own markup has no escape for ``*`` and
``_``. Links have fixed labels.
"""

from __future__ import annotations

from typing import Any

from .event import Message, Row
from .text import fit, slack

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
    # The text is for notifications and screen readers; blocks are what is shown.
    return {"text": fit(message.title, _FALLBACK, slack), "mrkdwn": False, "blocks": blocks}


def _header(message: Message) -> Block:
    return {"type": "header", "text": _plain(fit(message.title, _HEADER, slack))}


def _text(message: Message) -> list[Block]:
    if not message.text:
        return []
    return [{"type": "section", "text": _plain(fit(message.text, _TEXT, slack))}]


def _facts(message: Message) -> list[Block]:
    return _fields(list(message.rows))


def _fields(rows: list[Row]) -> list[Block]:
    fields = [_plain(f"{row.label}\n{fit(row.value, _FIELD, slack)}") for row in rows[:_FIELDS]]
    return [{"type": "section", "fields": fields}] if fields else []


def _footer(message: Message) -> list[Block]:
    blocks: list[Block] = []
    if message.next_step:
        text = f"Next: {fit(message.next_step, _NEXT, slack)}"
        blocks.append({"type": "section", "text": _plain(text)})
    links = [_link(row.url, "Compare the versions") for row in message.rows if row.url]
    links += [_link(message.run_url, "Open the run")] if message.run_url else []
    if links:
        text = "   ".join(links)
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    return blocks


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


def _link(url: str, label: str) -> str:
    """Return a link; the pattern of our web addresses allows no other sign to be escaped."""
    return f"<{url.replace('&', '&amp;')}|{label}>"
