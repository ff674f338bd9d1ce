"""Builds the Flask application."""

from __future__ import annotations

from flask import Flask

from innerarchitect import services
from innerarchitect.clock import Clock, utc_now
from innerarchitect.settings import Settings
from innerarchitect.web import api, auth, entries, errors, pages, responses, visitor

_MAX_BODY_BYTES = 256 * 1024


def create_app(settings: Settings, clock: Clock = utc_now) -> Flask:
    """Return the application. Raises SettingsError for a malformed URL in the settings."""
    app = Flask("innerarchitect")
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY_BYTES
    services.register(app.extensions, services.build(settings, clock))
    for blueprint in (pages.bp, auth.bp, entries.bp, api.bp):
        app.register_blueprint(blueprint)
    errors.register(app)
    visitor.register(app)
    responses.register(app)
    return app
