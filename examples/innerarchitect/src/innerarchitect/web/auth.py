"""Logging in and out."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from innerarchitect import audit
from innerarchitect.accounts import Verdict, authenticate
from innerarchitect.audit import Action, Outcome
from innerarchitect.services import services
from innerarchitect.web.guard import login_required, require_csrf
from innerarchitect.web.visitor import current_visitor, log_in, log_out

bp = Blueprint("auth", __name__)

_FAILURES = {
    Verdict.WRONG: ("The name or the password is wrong.", 401),
    Verdict.THROTTLED: ("Too many failed attempts. Wait a while and try again.", 429),
}


@bp.get("/login")
def form() -> str | Response:
    """Show the form, or the journal to who is logged in already."""
    if current_visitor().login is not None:
        return redirect(url_for("entries.index"), 303)
    return render_template("login.html", problem=None)


@bp.post("/login")
def login() -> Response | tuple[str, int]:
    """Check the password."""
    require_csrf(Action.LOGIN)
    parts = services()
    with parts.database.begin() as session:
        verdict, user = authenticate(
            session,
            request.form.get("name", ""),
            request.form.get("password", ""),
            parts.clock(),
            parts.login_limit,
            parts.settings.secret_key,
        )
    if user is None:
        problem, status = _FAILURES[verdict]
        return render_template("login.html", problem=problem), status
    log_in(user)
    return redirect(url_for("entries.index"), 303)


@bp.post("/logout")
@login_required(Action.LOGOUT)
def logout() -> Response:
    """End the session on the server."""
    login = current_visitor().login
    assert login is not None
    with services().database.begin() as session:
        target = f"user:{login.user_id}"
        at = services().clock()
        audit.record(session, at, login.user_id, Action.LOGOUT, target, Outcome.OK)
    log_out()
    return redirect(url_for("pages.home"), 303)
