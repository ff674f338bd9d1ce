"""Foreign text for messages: one line, cut between characters, escaped, then measured. Pure."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator

from ..masking import printable

_ELLIPSIS = "…"
# Five times this, should it be all ampersands, still fits into a field.
_MAX_URL = 300
_ZWJ = "\u200d"
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._~:/?#@!$&'()*+,;=%\[\]-]*)?")
_SLACK = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def clean(value: object) -> str:
    """Return a value as one printable line, without the marks that reorder or hide text."""
    text = printable(" ".join(str(value).encode("utf-8", "replace").decode().split()))
    kept = (char for char in text if unicodedata.category(char) not in ("Cc", "Co", "Cs"))
    return " ".join("".join(kept).split())


def units(text: str) -> int:
    """Return a text's length in UTF-16 units, the largest of the ways in which peers count."""
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)


def slack(text: str) -> str:
    """Return text in which Slack finds no mention, command or link."""
    return "".join(_SLACK.get(char, char) for char in text)


def markup(text: str) -> str:
    """Return text for HTML, quotes included."""
    return html.escape(text, quote=True)


def plain(text: str) -> str:
    """Return text as it is, where nothing is interpreted."""
    return text


def fit(value: object, limit: int, escape: Callable[[str], str] = plain) -> str:
    """Return a value cleaned and escaped, in ``limit`` UTF-16 units at most.

    Measured after escaping and cut between whole characters, so that neither an entity nor a
    letter with its accents is torn apart.
    """
    text = clean(value)
    whole = escape(text)
    if units(whole) <= limit:
        return whole
    kept, room = "", limit - units(_ELLIPSIS)
    for cluster in clusters(text):
        piece = escape(cluster)
        if units(piece) > room:
            break
        kept, room = kept + piece, room - units(piece)
    return kept.rstrip() + _ELLIPSIS if limit > 0 else ""


def clusters(text: str) -> Iterator[str]:
    """Yield what people take for one character: marks, joined emoji and flags stay together.

    Near enough to Unicode's grapheme clusters (UAX #29) for cutting; a flag's two letters are
    paired from the start of their run.
    """
    cluster = ""
    for char in text:
        if cluster and not _belongs(cluster, char):
            yield cluster
            cluster = ""
        cluster += char
    if cluster:
        yield cluster


def _belongs(cluster: str, char: str) -> bool:
    if char == _ZWJ or cluster.endswith(_ZWJ):
        return True
    if unicodedata.category(char) in ("Mn", "Me", "Mc") or 0x1F3FB <= ord(char) <= 0x1F3FF:
        return True
    return _is_flag_letter(char) and len(cluster) == 1 and _is_flag_letter(cluster)


def _is_flag_letter(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF


def is_link(text: str) -> bool:
    """Whether a text is a web address that may become a link."""
    return len(text) <= _MAX_URL and _URL.fullmatch(text) is not None
