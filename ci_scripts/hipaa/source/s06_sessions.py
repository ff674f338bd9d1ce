"""S6: sessions end after an idle time, and their cookies are Secure, HttpOnly and SameSite."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from ...runner.values import Server
from ..verdict import Finding, Verdict, judged
from .context import Source

# Environment variables of Flask, Django and the reference application; times are in seconds.
IDLE = ("SESSION_IDLE_SECONDS", "PERMANENT_SESSION_LIFETIME", "SESSION_COOKIE_AGE")
SECURE = ("COOKIE_SECURE", "SESSION_COOKIE_SECURE")
HTTP_ONLY = ("SESSION_COOKIE_HTTPONLY",)
SAME_SITE = ("SESSION_COOKIE_SAMESITE",)
_YES = frozenset(("1", "true", "yes", "on"))
_SITES = frozenset(("lax", "strict"))
_TESTS = frozenset(("tests", "test"))


@dataclass(frozen=True)
class Cookies:
    """What the calls of ``set_cookie`` in the application's code say.

    Attributes:
        calls: how many there are.
        faults: what is missing in some of them.
    """

    calls: int
    faults: tuple[Finding, ...]


def check(source: Source) -> Verdict:
    """Look at each server's environment variables and at the code that sets cookies."""
    cookies = in_code(source)
    limit = source.project.settings.session_idle_limit_seconds

    def look(place: str, server: Server) -> Verdict:
        given = server.role(source.role("release")).value("release_env")
        settings = {str(name): str(value) for name, value in given.items()}
        found = [Finding(text, place, 0, text) for text in faults(settings, limit, cookies)]
        return judged([*found, *cookies.faults], 4, "session settings")

    return source.each_server(look)


def faults(settings: Mapping[str, str], limit: int, cookies: Cookies) -> Iterator[str]:
    """Yield what an application's settings lack. Pure.

    Args:
        limit: the longest idle time in seconds.
    """
    idle = _first(settings, IDLE)
    if idle is None:
        yield f"nothing ends an idle session: set one of {', '.join(IDLE)}"
    elif not idle.isascii() or not idle.isdigit() or not 0 < int(idle) <= limit:
        yield f"an idle session lives on for {idle} s; the limit is {limit} s"
    secure = _first(settings, SECURE)
    if secure is None or secure.lower() not in _YES:
        yield f"cookies may go over plain HTTP: set one of {', '.join(SECURE)} to true"
    http_only = _first(settings, HTTP_ONLY)
    if http_only is None and not cookies.calls:
        yield "nothing shows that cookies are HttpOnly"
    elif http_only is not None and http_only.lower() not in _YES:
        yield "scripts may read cookies: SESSION_COOKIE_HTTPONLY is off"
    site = _first(settings, SAME_SITE)
    if site is None and not cookies.calls:
        yield "nothing shows that cookies are SameSite"
    elif site is not None and site.lower() not in _SITES:
        yield "cookies go along from other sites: SESSION_COOKIE_SAMESITE is neither Lax nor Strict"


def in_code(source: Source) -> Cookies:
    """Return what the project's own code says of its cookies."""
    calls, found = 0, list[Finding]()
    for path, text in source.project.texts(".py"):
        if not set(PurePosixPath(path).parts) & _TESTS and "set_cookie" in text:
            for line, lacking in cookie_calls(text):
                calls += 1
                key = f"set_cookie without {', '.join(lacking)}"
                found += [Finding(f"{key} in this call", path, line, key)] if lacking else []
    return Cookies(calls, tuple(found))


def cookie_calls(code: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line of each ``set_cookie`` and what it lacks; nothing for what is no Python."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "set_cookie":
                yield node.lineno, _lacking(node)


def _lacking(call: ast.Call) -> list[str]:
    given = {one.arg: one.value for one in call.keywords}
    http_only, site, secure = (given.get(name) for name in ("httponly", "samesite", "secure"))
    lacking = []
    if not (isinstance(http_only, ast.Constant) and http_only.value is True):
        lacking.append("httponly=True")
    if not (isinstance(site, ast.Constant) and str(site.value).lower() in _SITES):
        lacking.append("samesite of Lax or Strict")
    # A setting may decide it; off for good, or not said, it may not be.
    if secure is None or isinstance(secure, ast.Constant) and secure.value is not True:
        lacking.append("secure")
    return lacking


def _first(settings: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((settings[name] for name in names if name in settings), None)
