"""Fetch: the image and the release's files are here, before the schema changes for anybody."""

from __future__ import annotations

from typing import Any

from ..host import Asked, Host
from ..spec import Release
from .prepare import fetch_release


def fetch(host: Host, release: Release, secrets: dict[str, str], asked: Asked) -> dict[str, Any]:
    """Pull the image and write the release's record and secrets. Starts nothing.

    Raises:
        DeployError: the image cannot be had, or does not fit this server.
    """
    view = host.observe()
    serving = view.serving
    host.store.intend(asked.action, release, asked.actor)
    host.store.begin(
        "fetch",
        release.id,
        slot=view.layout.free,
        before=serving.release if serving else "",
        before_slot=view.layout.serving or "",
    )
    release = fetch_release(host, release, secrets)
    return {"changed": True, "release": release.summary()}
