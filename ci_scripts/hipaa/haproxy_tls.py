"""What a proxy configuration lacks for encrypted transport. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .haproxy import Section
from .haproxy_inside import for_edges_only

_NEW_ENOUGH = frozenset(("TLSv1.2", "TLSv1.3"))
_OLD = ("force-sslv3", "force-tlsv10", "force-tlsv11")
# No encryption, no authentication, broken ciphers or export strength.
_WEAK = re.compile(
    r"(?<![!A-Z0-9])(?:NULL|aNULL|eNULL|EXP|EXPORT|RC4|3?DES|MD5|ADH|LOW)(?![A-Z0-9])"
)
# The least that browsers' preload list takes: a year in seconds.
_LEAST_AGE = 31_536_000
_ANSWERS = ("return", "redirect", "use-service", "reject", "deny", "tarpit", "allow")
_IN_PLAIN = (["unless", "{", "ssl_fc", "}"], ["if", "!{", "ssl_fc", "}"])


def faults(sections: Iterable[Section]) -> Iterator[str]:
    """Yield what is wrong, one sentence each."""
    found = list(sections)
    defaults = [one for one in found if one.kind == "defaults"]
    entrances = [one for one in found if one.kind in ("frontend", "listen")]
    shared = [words for one in found for words in one.starting("ssl-default-bind-options")]
    options = [word for words in shared for word in words]
    yield from _weak_ciphers(found)
    public = [one for one in entrances if not for_edges_only(one)]
    if public and not any("ssl" in bind for one in public for bind in one.starting("bind")):
        yield "no address serves HTTPS: proxy_tls_certificate is empty"
    for entrance in entrances:
        yield from _old_versions(entrance, options)
    for entrance in public:
        yield from _plain_http(entrance)
        yield from _headers(entrance, defaults)


def _weak_ciphers(sections: list[Section]) -> Iterator[str]:
    for section in sections:
        for name in ("ssl-default-bind-ciphers", "ssl-default-bind-ciphersuites"):
            for words in section.starting(name):
                if _WEAK.search(" ".join(words)):
                    yield f"{name} allows a weak cipher"


def _old_versions(entrance: Section, options: list[str]) -> Iterator[str]:
    for bind in entrance.starting("bind"):
        if "ssl" not in bind:
            continue
        # What stands at the address itself comes last and wins.
        settings = [*options, *bind]
        least = [settings[at + 1] for at in _at(settings, "ssl-min-ver") if at + 1 < len(settings)]
        if not least or least[-1] not in _NEW_ENOUGH:
            told = least[-1] if least else "no version"
            yield f"{entrance.name} takes TLS from {told} on at {bind[0]}, not from TLSv1.2"
        for old in _OLD:
            if old in settings:
                yield f"{entrance.name} forces an old protocol at {bind[0]}: {old}"
        if _WEAK.search(" ".join(bind)):
            yield f"{entrance.name} allows a weak cipher at {bind[0]}"


def _plain_http(entrance: Section) -> Iterator[str]:
    plain = [bind[0] for bind in entrance.starting("bind") if "ssl" not in bind]
    if not plain:
        return
    encrypted = any("ssl" in bind for bind in entrance.starting("bind"))
    for rule in entrance.starting("http-request"):
        if rule[:3] == ["redirect", "scheme", "https"]:
            condition = rule[_condition_at(rule) :]
            if condition in _IN_PLAIN or (not condition and not encrypted):
                return
        if rule[0] in _ANSWERS:
            break
    yield f"{entrance.name} answers plain HTTP at {', '.join(plain)} with more than a redirect"


def _headers(entrance: Section, defaults: list[Section]) -> Iterator[str]:
    if not any("ssl" in bind for bind in entrance.starting("bind")):
        return
    ages = [
        int(match[1])
        for rule in entrance.starting("http-response", "set-header", "Strict-Transport-Security")
        for match in [re.search(r"max-age=(\d+)", rule[0])]
        if match and rule[1:] in ([], ["if", "{", "ssl_fc", "}"])
    ]
    if not ages or max(ages) < _LEAST_AGE:
        yield f"{entrance.name} sends no Strict-Transport-Security of a year or more"
    forwards = [one for one in (entrance, *defaults) if one.has("option", "forwardfor")]
    if not forwards and not entrance.has("http-request", "set-header", "X-Forwarded-For"):
        yield f"{entrance.name} does not tell the application the client's address"
    scheme = entrance.starting("http-request", "set-header", "X-Forwarded-Proto")
    if not any(rule[0] == "https" for rule in scheme):
        yield f"{entrance.name} does not set X-Forwarded-Proto"


def _at(words: list[str], word: str) -> list[int]:
    return [index for index, one in enumerate(words) if one == word]


def _condition_at(rule: list[str]) -> int:
    return next((index for index, word in enumerate(rule) if word in ("if", "unless")), len(rule))
