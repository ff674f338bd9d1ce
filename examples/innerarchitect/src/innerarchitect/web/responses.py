"""What every answer carries: security headers, caching and the request count."""

from __future__ import annotations

from flask import Flask, Response, request

from innerarchitect.metrics import REQUESTS

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_PUBLIC_ENDPOINTS = frozenset({"static", "pages.manifest"})


def register(app: Flask) -> None:
    """Attach the hook."""
    app.after_request(_finish)


def _finish(response: Response) -> Response:
    response.headers.update(_HEADERS)
    if request.endpoint not in _PUBLIC_ENDPOINTS or response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
    REQUESTS.add(response.status_code)
    return response
