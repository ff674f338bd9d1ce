"""What a proxy's log must not hold: query arguments, cookies, credentials, bodies. Pure.

Source of the names: HAProxy 2.6 configuration manual, 8.2.4 and 8.5 to 8.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .haproxy import Section

_ALIAS = re.compile(r"%(?:\{[^}]*\})?([A-Za-z]+)")
_EXPRESSION = re.compile(r"%(?:\{[^}]*\})?\[([^\]]*)\]")
_TELLS = {
    "r": "the whole request line",
    "HU": "the address with its query",
    "HQ": "the query",
    "hr": "captured request headers",
    "hrl": "captured request headers",
    "hs": "captured answer headers",
    "hsl": "captured answer headers",
    "CC": "a captured cookie",
    "CS": "a captured cookie",
}
_SAMPLE = re.compile(
    r"\b(?:url(?!_)|url_param|urlp|query|req\.cook|res\.cook|cook|req\.body|res\.body|capture\.|"
    r"req\.hdrs?\b(?!\((?:host|user-agent)\)))",
    re.IGNORECASE,
)
_HEADER = re.compile(r"^(?:authorization|cookie|set-cookie|proxy-authorization)$", re.IGNORECASE)


def log_faults(sections: Iterable[Section]) -> Iterator[str]:
    """Yield what the log would hold that it must not, one sentence each."""
    for section in sections:
        where = f"{section.kind} {section.name}".strip()
        for directive in ("log-format", "log-format-sd", "error-log-format"):
            for words in section.starting(directive):
                for told in _format_faults(" ".join(words)):
                    yield f"{directive} in {where} writes {told}"
        for option in ("httplog", "httpslog"):
            if section.has("option", option):
                yield f"option {option} in {where} writes the address with its query"
        for words in section.starting("capture"):
            if words[0] == "cookie" or any(_HEADER.match(word) for word in words):
                yield f"{where} captures '{' '.join(words[:3])}'"


def _format_faults(text: str) -> Iterator[str]:
    for match in _ALIAS.finditer(text):
        if match[1] in _TELLS:
            yield f"{_TELLS[match[1]]} (%{match[1]})"
    for match in _EXPRESSION.finditer(text):
        if _SAMPLE.search(match[1]):
            yield f"%[{match[1]}]"
