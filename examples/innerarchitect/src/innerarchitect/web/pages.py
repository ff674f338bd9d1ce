"""The public pages."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, render_template

bp = Blueprint("pages", __name__)


@bp.get("/")
def home() -> str:
    """Say what this is."""
    return render_template("home.html")


@bp.get("/manifest.json")
def manifest() -> Response:
    """Let browsers install the page as an application."""
    return current_app.send_static_file("manifest.json")
