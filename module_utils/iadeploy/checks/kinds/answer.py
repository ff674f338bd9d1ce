"""The judgement of an HTTP answer.

Of the body only what was asked for is ever told: the rest may hold health data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..jsonpath import value_at
from ..pattern import find
from ..verdict import Verdict

_NO_VERSION = "it reports no version, so which release answers is not checked"
_TELL = "does the application tell its version there? See `app_health_path`"


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        body: its head; empty when nothing of it was asked for.
        whole: whether that is all of it.
        location: where a redirect leads, as a URL.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool
    location: str = ""


def judge(answer: Answer, expect: dict[str, Any]) -> Verdict:
    """Compare an answer with what is expected.

    Raises:
        TooSlow: a pattern takes too long.
    """
    status = str(answer.status)
    if answer.status not in expect["status"]:
        wanted = " or ".join(map(str, expect["status"]))
        return Verdict(False, status, f"answered {status} instead of {wanted}", _about(answer))
    cause = _headers(answer, expect) or _body(answer, expect)
    if cause:
        return Verdict(False, status, cause)
    if expect["json"] or expect["version"]:
        return _document(answer, expect)
    note = "which release answers is not known" if expect["release"] else ""
    return Verdict(True, status, note=note)


def _about(answer: Answer) -> str:
    """Return what a status usually means for who asked."""
    if 300 <= answer.status < 400:
        return f"it redirects; allow that with `redirects`, or ask {_bare(answer.location)}"
    hints = {
        400: "the proxy or the application does not like the request: is the Host header right?",
        401: "it wants a login: see `username`, `password` and `token`",
        403: "this client may not: a firewall rule, or an allow-list of addresses?",
        404: "is the path right, and does the proxy know this host name (`app_domains`)?",
        429: "it limits requests: ask less often",
        500: "the application failed: read its log",
        502: "the proxy got nonsense from the application: read its log",
        503: "no server behind the proxy is healthy, or the application says it is not",
        504: "the application did not answer the proxy in time",
    }
    return hints.get(answer.status, "")


def _bare(url: str) -> str:
    return url.partition("?")[0].partition("#")[0]


def _headers(answer: Answer, expect: dict[str, Any]) -> str:
    there = {name.lower(): value for name, value in answer.headers.items()}
    for name, pattern in expect["headers"].items():
        value = there.get(name.lower())
        if value is None:
            return f"the answer has no header {name}"
        if not find(pattern, value):
            return f"header {name} is {value[:80]!a}, which does not match {pattern.pattern!a}"
    return ""


def _body(answer: Answer, expect: dict[str, Any]) -> str:
    pattern = expect["body"]
    if pattern is None or find(pattern, answer.body.decode("utf-8", "replace")):
        return ""
    within = "" if answer.whole else " within its first MiB"
    return f"the body does not match {pattern.pattern!a}{within}"


def _document(answer: Answer, expect: dict[str, Any]) -> Verdict:
    status = str(answer.status)
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        if expect["release"] and not expect["json"]:
            return Verdict(True, status, note=_NO_VERSION)
        kind = next((v for k, v in answer.headers.items() if k.lower() == "content-type"), "none")
        size = "" if answer.whole else " and longer than 1 MiB"
        return Verdict(False, status, f"the answer is no JSON (its type is {kind[:60]!a}{size})")
    for text, steps, wanted in expect["json"]:
        cause = _compare(document, text, steps, wanted)
        if cause:
            return Verdict(False, status, cause)
    if expect["version"]:
        return _version(document, status, expect)
    return Verdict(True, status)


def _compare(document: Any, text: str, steps: Any, wanted: Any) -> str:
    try:
        found = value_at(document, steps)
    except LookupError:
        return f"the answer has nothing at {text}"
    # Python's True equals 1; JSON's does not.
    if found == wanted and isinstance(found, bool) == isinstance(wanted, bool):
        return ""
    return f"{text} is {_told(found)} instead of {_told(wanted)}"


def _told(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    return json.dumps(value)[:80]


def _version(document: Any, status: str, expect: dict[str, Any]) -> Verdict:
    """Compare the version; not every application tells one, so a release's may be missing."""
    wanted = expect["version"]
    served = document.get("version") if isinstance(document, dict) else None
    if not isinstance(served, str) or not served:
        if expect["release"]:
            return Verdict(True, status, note=_NO_VERSION)
        return Verdict(False, status, "the answer has no version", _TELL)
    if served == wanted:
        return Verdict(True, f"{status}, {served[:40]}")
    cause = f"served version {served[:80]!a} instead of {wanted[:80]!a}"
    hint = "another release answers, or the image was built without its version"
    return Verdict(False, status, cause, hint)
