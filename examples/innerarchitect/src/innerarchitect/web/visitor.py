"""Who sends this request: the cookie, the login behind it and the CSRF token."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

from flask import Flask, Response, g, request

from innerarchitect.models import User
from innerarchitect.services import services
from innerarchitect.sessions import Login, new_token

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass
class Visitor:
    """One browser; `token` is its cookie, or a fresh one when it came without."""

    token: str
    cookie_due: bool
    login: Login | None
    user: User | None


def current_visitor() -> Visitor:
    """Return the visitor of this request, looking the login up once.

    Raises the store's own errors when it cannot be reached.
    """
    if "visitor" not in g:
        g.visitor = _recognise(request.cookies.get(cookie_name(), ""))
    found = g.visitor
    assert isinstance(found, Visitor)
    return found


def csrf_token() -> str:
    """Return the token forms must send back; it is bound to the browser's cookie."""
    visitor = current_visitor()
    if visitor.login is None:
        # Without its cookie the form could not be sent back.
        visitor.cookie_due = True
    return _csrf_token_for(visitor.token)


def csrf_valid() -> bool:
    """Whether the request carries the token of its own browser."""
    sent = request.form.get("csrf_token", "")
    expected = _csrf_token_for(current_visitor().token)
    return hmac.compare_digest(sent.encode(), expected.encode())


def log_in(user: User) -> None:
    """Start a login under a new token: the one from before may be known to somebody else."""
    sessions = services().sessions
    visitor = current_visitor()
    sessions.close(visitor.token)
    token = sessions.open(user.id)
    g.visitor = Visitor(token, True, sessions.find(token), user)


def log_out() -> None:
    """End the login on the server and give the browser a new token."""
    services().sessions.close(current_visitor().token)
    g.visitor = Visitor(new_token(), True, None, None)


def cookie_name() -> str:
    """Return the cookie's name; browsers bind a `__Host-` cookie to this host and to HTTPS."""
    return "__Host-innerarchitect" if services().settings.cookie_secure else "innerarchitect"


def register(app: Flask) -> None:
    """Count activity, set the cookie and offer the visitor to the templates."""
    app.after_request(_finish)
    app.context_processor(lambda: {"visitor": current_visitor, "csrf_token": csrf_token})


def _recognise(cookie: str) -> Visitor:
    if not _TOKEN.fullmatch(cookie):
        return Visitor(new_token(), False, None, None)
    login = services().sessions.find(cookie)
    if login is None:
        return Visitor(cookie, False, None, None)
    with services().database.begin() as session:
        user = session.get(User, login.user_id)
    return Visitor(cookie, False, login if user else None, user)


def _csrf_token_for(token: str) -> str:
    key = services().settings.secret_key.encode()
    return hmac.new(key, f"csrf:{token}".encode(), hashlib.sha256).hexdigest()


def _finish(response: Response) -> Response:
    visitor = g.get("visitor")
    if isinstance(visitor, Visitor) and visitor.cookie_due:
        response.set_cookie(
            cookie_name(),
            visitor.token,
            httponly=True,
            samesite="Lax",
            secure=services().settings.cookie_secure,
        )
    return response
