"""Kind ``http``: one request, redirects as far as allowed, and the judgement of the answer."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from ... import urls
from ..hints import explain, timed_out
from ..pattern import TooSlow
from ..rules import REDIRECTS
from ..spec import Check
from ..verdict import Attempt, Verdict
from .answer import Answer, judge
from .transport import session

_MOST_BODY = 1 << 20
_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True)
class _Step:
    """One request on the way to the answer."""

    url: str
    address: str | None
    headers: dict[str, str]
    login: tuple[str, str] | None


def probe(check: Check, attempt: Attempt) -> Verdict:
    """Ask, follow redirects as far as allowed, and judge the answer."""
    step = _first(check.target)
    left = check.target["redirects"]
    while True:
        failures: list[BaseException] = []
        try:
            answer = _ask(step, check, attempt, failures)
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            ValueError,
        ) as error:
            return _explain(error, failures, step, attempt)
        if answer.status not in REDIRECTS or not check.target["redirects"]:
            attempt.answered()
            return _judge(answer, check)
        if left == 0:
            cause = f"redirected more than {check.target['redirects']} times, last to "
            return Verdict(False, str(answer.status), f"{cause}{urls.shown(answer.location)}")
        left -= 1
        try:
            step = _follow(step, answer.location)
        except ValueError:
            return Verdict(False, str(answer.status), "redirected to what is no http URL")


def _judge(answer: Answer, check: Check) -> Verdict:
    try:
        return judge(answer, check.expect)
    except TooSlow as error:
        return Verdict(False, str(answer.status), str(error), error.hint)


def _first(target: dict[str, Any]) -> _Step:
    headers = {
        "User-Agent": "iadeploy-health",
        "Connection": "close",
        "Accept-Encoding": "identity",
        **target["headers"],
        **target["secret_headers"],
    }
    if target["host_header"]:
        headers["Host"] = target["host_header"]
    if target["token"]:
        headers["Authorization"] = f"Bearer {target['token']}"
    login = (target["username"], target["password"] or "") if target["username"] else None
    return _Step(target["url"], target["address"], headers, login)


def _follow(step: _Step, location: str) -> _Step:
    """Return the next request; another host gets no credentials of ours, and no fixed address.

    Raises:
        ValueError: there is nothing to follow.
    """
    there, here = urls.split(location, ("http", "https")), urlsplit(step.url)
    if (there.hostname, there.scheme, there.port) == (here.hostname, here.scheme, here.port):
        return _Step(location, step.address, step.headers, step.login)
    own = ("User-Agent", "Connection", "Accept-Encoding")
    headers = {name: step.headers[name] for name in own}
    same = step.address if there.hostname == here.hostname else None
    return _Step(location, same, headers, None)


def _ask(step: _Step, check: Check, attempt: Attempt, failures: list[BaseException]) -> Answer:
    target = check.target
    verify = (target["ca_file"] or _system_authorities()) if target["tls_verify"] else False
    with (
        session(attempt, step.address, failures) as client,
        client.request(
            target["method"],
            step.url,
            headers=step.headers,
            auth=step.login,
            timeout=attempt.left(),
            allow_redirects=False,
            stream=True,
            verify=verify,
        ) as response,
    ):
        wanted = check.expect["body"] or check.expect["json"] or check.expect["version"]
        body, whole = _read(response.raw) if wanted else (b"", True)
        location = _location(step.url, response.headers.get("Location", ""))
        return Answer(response.status_code, dict(response.headers), body, whole, location)


def _system_authorities() -> bool | str:
    """The authorities that this host trusts; requests from PyPI would only know its own."""
    named = os.environ.get("REQUESTS_CA_BUNDLE") or ssl.get_default_verify_paths().cafile
    return named or (_AUTHORITIES if os.path.isfile(_AUTHORITIES) else True)


def _location(url: str, given: str) -> str:
    try:
        return urljoin(url, given)
    except ValueError:
        return ""


def _read(raw: Any) -> tuple[bytes, bool]:
    """Return the head of a body, and whether it is all of it."""
    body = bytearray()
    for chunk in raw.stream(8192, decode_content=True):
        body += chunk
        if len(body) > _MOST_BODY:
            return bytes(body[:_MOST_BODY]), False
    return bytes(body), True


def _explain(
    error: Exception, failures: list[BaseException], step: _Step, attempt: Attempt
) -> Verdict:
    parts = urlsplit(step.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    place = urls.place(step.address or parts.hostname or "", port)
    cause = failures[0] if failures else _innermost(error)
    late = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)
    if attempt.expired or isinstance(cause, late):
        return timed_out("http", place, attempt.seconds)
    if isinstance(cause, OSError) and (isinstance(cause, ssl.SSLError) or cause.errno is not None):
        return explain(cause, "http", place, attempt.seconds)
    if isinstance(error, ValueError):
        return Verdict(False, "no URL", "redirected to what is no http URL")
    undecoded = (urllib3.exceptions.DecodeError, requests.exceptions.ContentDecodingError)
    if isinstance(error, undecoded):
        return Verdict(False, "unreadable", f"the answer of {place} cannot be decoded")
    hint = "look at the log of what runs there; does it speak HTTP?"
    return Verdict(False, "no answer", f"connection closed without an answer on {place}", hint)


def _innermost(error: BaseException) -> BaseException:
    """Return the system's own error inside the libraries' ones."""
    seen: list[BaseException] = []
    todo: list[Any] = [error]
    while todo:
        one = todo.pop(0)
        if not isinstance(one, BaseException) or one in seen:
            continue
        seen.append(one)
        if isinstance(one, (ssl.SSLError, TimeoutError)) or (
            isinstance(one, OSError) and one.errno is not None
        ):
            return one
        todo += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return error
