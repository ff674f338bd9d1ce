"""One HTTP question to an application, and the judgement of its answer."""

from __future__ import annotations

import json
import threading
import time
import zlib
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from typing import Any
from urllib.parse import urlsplit

from .spec import Health

_MAX_BODY = 65536
_FAILURES = ("error", "fail", "unhealthy", "down")
_NO_VERSION = "the health answer has no version, so which release answers is not checked"


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP status, or 0 when there was no answer.
        body: the first 64 KiB; never logged or returned whole, it may hold health data.
        error: why there was no answer, or an empty string.
        seconds: how long it took.
    """

    status: int
    body: bytes
    error: str
    seconds: float


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is the expected one, and if not, what to look at.

    Attributes:
        note: what could not be checked in a good answer, or an empty string.
    """

    healthy: bool
    cause: str = ""
    hint: str = ""
    note: str = ""


def fetch(url: str, *, timeout: float, host: str = "") -> Answer:
    """Ask an ``http`` URL once, without redirects and without the environment's proxies.

    ``timeout`` seconds are for all of it. The HTTP client's own limit is for each single read, so
    an application that drips its answer byte by byte would never be given up.
    """
    started = time.monotonic()
    answers: list[Answer] = []
    asking = threading.Thread(target=lambda: answers.append(_ask(url, timeout, host)), daemon=True)
    asking.start()
    asking.join(timeout)
    if answers:
        return answers[0]
    return Answer(0, b"", f"no answer within {timeout:g} s", time.monotonic() - started)


def _ask(url: str, timeout: float, host: str) -> Answer:
    started = time.monotonic()
    headers = {"Connection": "close", "User-Agent": "iadeploy-health"}
    if host:
        headers["Host"] = host
    try:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            return Answer(0, b"", "no http address", 0.0)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        with closing(HTTPConnection(parts.hostname, parts.port, timeout=timeout)) as connection:
            connection.request("GET", target or "/", headers=headers)
            answer = connection.getresponse()
            body = _body(answer)
            return Answer(answer.status, body, "", time.monotonic() - started)
    except zlib.error:
        return Answer(0, b"", "the answer cannot be read", time.monotonic() - started)
    except (OSError, HTTPException, ValueError) as error:
        return Answer(0, b"", _reason(error, timeout), time.monotonic() - started)


def _body(answer: HTTPResponse) -> bytes:
    body = answer.read(_MAX_BODY)
    if answer.length and len(body) < _MAX_BODY:
        raise IncompleteRead(body)
    if answer.headers.get("Content-Encoding", "").lower() == "gzip":  # though nobody asked for it
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, _MAX_BODY)
    return body


def _reason(error: Exception, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} s"
    if isinstance(error, (HTTPException, ConnectionResetError, BrokenPipeError)):
        return "connection closed without an answer"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return type(error).__name__


def judge(answer: Answer, health: Health) -> Verdict:
    """Compare an answer with what is expected. Pure."""
    if answer.status == 0:
        return Verdict(False, answer.error, _connection_hint(answer.error))
    if answer.status not in health.statuses:
        wanted = ", ".join(map(str, health.statuses))
        return Verdict(
            False,
            f"answered {answer.status} instead of {wanted}{_failing_checks(answer.body)}",
            "the application runs but does not call itself healthy",
        )
    if answer.status < 300 and _is_unwell(answer.body):
        return Verdict(
            False,
            f"answered {answer.status}, but says that it is not well{_failing_checks(answer.body)}",
            "a dependency of the application fails",
        )
    if health.version:
        return _judge_version(served_version(answer.body), health.version)
    return Verdict(True)


def _judge_version(served: str, expected: str) -> Verdict:
    """Many real applications report no version; they deploy all the same, and it is said."""
    if not served:
        return Verdict(True, note=_NO_VERSION)
    if served == expected:
        return Verdict(True)
    return Verdict(
        False,
        f"served version {served[:80]!a} instead of {expected!a}",
        "another release answers, or the image was built without its version",
    )


def served_version(body: bytes) -> str:
    """Return the ``version`` of a health answer, or an empty string."""
    version = _json_object(body).get("version", "")
    return version if isinstance(version, str) else ""


def _failing_checks(body: bytes) -> str:
    """Name the checks that failed, by name only: their text may hold data."""
    checks = _json_object(body).get("checks")
    if not isinstance(checks, dict):
        return ""
    fine = ("ok", "not configured")
    failing = [str(name)[:40] for name, value in sorted(checks.items()) if value not in fine]
    return f" (failing: {', '.join(failing[:10])})" if failing else ""


def _is_unwell(body: bytes) -> bool:
    """Whether an answer says in so many words that something fails, whatever its status is.

    Words that this product does not know say nothing: applications have their own.
    """
    told = _json_object(body)
    checks = told.get("checks")
    values = list(checks.values()) if isinstance(checks, dict) else []
    return any(value is False or _is_failure(value) for value in [told.get("status"), *values])


def _is_failure(value: Any) -> bool:
    return isinstance(value, str) and value.lower().startswith(_FAILURES)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _connection_hint(reason: str) -> str:
    if reason == "connection refused":
        return "nothing listens there: does the application bind 0.0.0.0 and app_port?"
    if reason.startswith("no answer"):
        return "it accepts connections but does not answer in time"
    return ""
