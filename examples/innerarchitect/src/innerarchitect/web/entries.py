"""The journal's pages."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from innerarchitect import journal
from innerarchitect.audit import Action
from innerarchitect.services import services
from innerarchitect.web.guard import login_required
from innerarchitect.web.visitor import current_visitor

bp = Blueprint("entries", __name__, url_prefix="/journal")


@bp.get("")
@login_required(Action.LIST)
def index() -> str:
    """List the user's own entries."""
    return _page(problem=None, draft="")


@bp.post("")
@login_required(Action.CREATE)
def create() -> Response | tuple[str, int]:
    """Add an entry; what was written comes back when it cannot be stored."""
    text = request.form.get("text", "")
    try:
        with services().database.begin() as session:
            journal.create_entry(session, _user_id(), text, services().clock())
    except journal.EntryRefused as refusal:
        return _page(problem=str(refusal), draft=text), 400
    return redirect(url_for("entries.index"), 303)


@bp.get("/<uuid:entry_id>")
@login_required(Action.READ)
def read(entry_id: UUID) -> str:
    """Show one entry; another user's looks like one that does not exist."""
    with services().database.begin() as session:
        entry = journal.read_entry(session, _user_id(), entry_id, services().clock())
    if entry is None:
        abort(404)
    return render_template("entry.html", entry=entry)


@bp.post("/<uuid:entry_id>/delete")
@login_required(Action.DELETE)
def delete(entry_id: UUID) -> Response:
    """Delete one of the user's own entries."""
    with services().database.begin() as session:
        deleted = journal.delete_entry(session, _user_id(), entry_id, services().clock())
    if not deleted:
        abort(404)
    return redirect(url_for("entries.index"), 303)


def _page(problem: str | None, draft: str) -> str:
    with services().database.begin() as session:
        entries = journal.list_entries(session, _user_id(), services().clock())
    return render_template(
        "journal.html",
        entries=entries,
        problem=problem,
        draft=draft,
        limit=journal.MAX_CHARACTERS,
    )


def _user_id() -> int:
    login = current_visitor().login
    assert login is not None
    return login.user_id
