"""Refuses requests that have no login or no CSRF token, and records each refusal."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from uuid import UUID

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from innerarchitect import audit, journal
from innerarchitect.audit import Action, Outcome
from innerarchitect.services import services
from innerarchitect.web.visitor import csrf_valid, current_visitor

P = ParamSpec("P")
View = Callable[P, str | AnyResponse | tuple[str, int]]


def login_required(action: Action) -> Callable[[View[P]], View[P]]:
    """Let only logged-in users through, and their POST only with a CSRF token.

    `action` is what the audit trail says was refused.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> str | AnyResponse | tuple[str, int]:
            visitor = current_visitor()
            if visitor.login is None:
                record_refusal(action)
                return redirect(url_for("auth.form"), 303)
            require_csrf(action)
            services().sessions.touch(visitor.token)
            return view(*args, **kwargs)

        return guarded

    return decorate


def require_csrf(action: Action) -> None:
    """Stop a POST without the right CSRF token with status 400."""
    if request.method == "POST" and not csrf_valid():
        record_refusal(action)
        abort(400, "The form has expired. Load the page again and repeat.")


def record_refusal(action: Action) -> None:
    """Write the audit row of a request that was turned away."""
    entry_id = (request.view_args or {}).get("entry_id")
    target = journal.target(entry_id) if isinstance(entry_id, UUID) else request.path[:80]
    login = current_visitor().login
    with services().database.begin() as session:
        audit.record(
            session,
            services().clock(),
            login.user_id if login else None,
            action,
            target,
            Outcome.REFUSED,
        )
