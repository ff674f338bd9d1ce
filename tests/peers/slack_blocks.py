"""What Slack refuses in a message, and what it makes of its text. Pure.

Limits as https://docs.slack.dev/reference/block-kit/blocks gives them, measured in UTF-16 units.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_MOST_BLOCKS, _MOST_FIELDS, _MOST_TOTAL = 50, 10, 13_200
_LIMITS = {"header": 150, "section": 3000, "field": 2000, "context": 2000}
_CONTROL = re.compile(r"<([^<>]*)>")
_FORMAT = re.compile(r"(?<!\w)([*_~`])(?=\S)(.+?)(?<=\S)\1(?!\w)")


def size(text: str) -> int:
    """Return a text's length in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def problems(message: dict[str, Any]) -> list[str]:
    """Return what is wrong with a message's blocks."""
    blocks = message.get("blocks", [])
    if not isinstance(blocks, list) or len(blocks) > _MOST_BLOCKS:
        return [f"{len(blocks)} blocks"]
    found = [problem for block in blocks for problem in _block(block)]
    total = sum(size(text) for text in texts(message))
    return found + ([f"{total} characters in all"] if total > _MOST_TOTAL else [])


def _block(block: dict[str, Any]) -> Iterator[str]:
    kind = block.get("type")
    if kind == "header":
        yield from _text(block.get("text"), "header", ("plain_text",))
    elif kind == "section":
        if "text" not in block and not block.get("fields"):
            yield "a section without text and fields"
        if "text" in block:
            yield from _text(block["text"], "section", ("plain_text", "mrkdwn"))
        fields = block.get("fields", [])
        if len(fields) > _MOST_FIELDS:
            yield f"{len(fields)} fields"
        for one in fields:
            yield from _text(one, "field", ("plain_text", "mrkdwn"))
    elif kind == "context":
        for one in block.get("elements", []):
            yield from _text(one, "context", ("plain_text", "mrkdwn"))
    elif kind != "divider":
        yield f"a block of type {kind}"


def _text(text: object, place: str, kinds: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in kinds:
        yield f"{place}: not one of {kinds}"
        return
    allowed = (
        {"type", "text", "verbatim"} if text["type"] == "mrkdwn" else {"type", "text", "emoji"}
    )
    if set(text) - allowed:
        yield f"{place}: {sorted(set(text) - allowed)}"
    if not 1 <= size(str(text.get("text", ""))) <= _LIMITS[place]:
        yield f"{place}: {size(str(text.get('text', '')))} characters"


def texts(message: dict[str, Any]) -> Iterator[str]:
    """Yield every text of a message's blocks."""
    for text in _objects(message):
        yield str(text["text"])


def interpreted(message: dict[str, Any]) -> Iterator[str]:
    """Yield every text in which Slack looks for its markup."""
    if "text" in message:
        yield str(message["text"])
    yield from (str(text["text"]) for text in _objects(message) if text["type"] == "mrkdwn")


def _objects(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for block in message.get("blocks", []):
        yield from (one for one in [block.get("text")] if isinstance(one, dict))
        yield from block.get("fields", [])
        yield from block.get("elements", [])


def controls(message: dict[str, Any]) -> list[str]:
    """Return the inside of everything in angle brackets: mentions, commands, links."""
    return [inside for text in interpreted(message) for inside in _CONTROL.findall(text)]


def formats(text: str) -> list[str]:
    """Return what Slack would set bold, italic, struck or as code; not inside of addresses."""
    shown = _CONTROL.sub(lambda match: match.group(1).partition("|")[2], text)
    return [match.group(0) for line in shown.split("\n") for match in _FORMAT.finditer(line)]
