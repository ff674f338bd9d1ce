"""What machines ask: health, metrics and whether a login is still alive."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from innerarchitect.health import NOT_CONFIGURED
from innerarchitect.metrics import REQUESTS, render
from innerarchitect.services import services
from innerarchitect.web.visitor import current_visitor

bp = Blueprint("api", __name__, url_prefix="/api")


@bp.get("/health")
def health() -> tuple[Response, int]:
    """Ask every dependency; 200 when all are usable, else 503."""
    checks = services().health.report()
    healthy = all(result in ("ok", NOT_CONFIGURED) for result in checks.values())
    body = jsonify(
        status="ok" if healthy else "error",
        version=services().settings.app_version,
        checks=checks,
    )
    return body, 200 if healthy else 503


@bp.get("/metrics")
def metrics() -> Response:
    """Return the counters for Prometheus."""
    text = render(REQUESTS, services().settings.app_version)
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")


@bp.get("/session-check")
def session_check() -> Response:
    """Say whether the login is alive, without keeping it alive."""
    login = current_visitor().login
    if login is None:
        return jsonify(authenticated=False)
    remaining = services().sessions.remaining(login)
    return jsonify(authenticated=True, expires_in=int(remaining.total_seconds()))
