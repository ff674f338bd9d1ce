"""Errors as pages for people and as JSON for machines, without details."""

from __future__ import annotations

import logging
import traceback

from flask import Flask, Response, jsonify, make_response, render_template_string, request
from sqlalchemy.exc import OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException

_log = logging.getLogger("innerarchitect.errors")

# Self-contained: the usual layout asks who is logged in, which may be what just failed.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} – InnerArchitect</title>
<link rel="stylesheet" href="{{ url_for('static', filename='css/style.css') }}">
</head>
<body>
<main>
<h1>{{ title }}</h1>
<p>{{ text }}</p>
<p><a href="/">Start page</a></p>
</main>
</body>
</html>
"""


def register(app: Flask) -> None:
    """Attach the handlers."""
    app.register_error_handler(HTTPException, _expected)
    app.register_error_handler(Exception, _unexpected)


def _expected(error: HTTPException) -> Response:
    if error.response is not None:
        return make_response(error.get_response())
    return _answer(error.code or 500, error.name, error.description or "")


def _unexpected(error: Exception) -> Response:
    # The type and the place only: messages of drivers may quote the row, and so somebody's text.
    place = "".join(traceback.format_tb(error.__traceback__)[-3:])
    _log.error("%s in %s %s\n%s", type(error).__name__, request.method, request.endpoint, place)
    if _is_outage(error):
        return _answer(503, "Service unavailable", "Please try again in a moment.")
    return _answer(500, "Internal error", "Something went wrong on our side.")


def _is_outage(error: Exception) -> bool:
    # Named instead of imported: Redis is loaded only where it is configured.
    from_redis = type(error).__module__.startswith("redis.")
    return from_redis or isinstance(error, OperationalError | TimeoutError)


def _answer(status: int, title: str, text: str) -> Response:
    if request.path.startswith("/api/"):
        response = jsonify(error=title)
    else:
        response = make_response(render_template_string(_PAGE, title=title, text=text))
    response.status_code = status
    return response
