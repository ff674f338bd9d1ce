"""Fetch: the image and the release's files are here, before the schema changes for anybody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..clock import now
from ..errors import DeployError
from ..host import Asked, Host
from ..spec import Release


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


def fetch_release(host: Host, release: Release, secrets: dict[str, str] | None) -> Release:
    """Have the image and the release's files on this host.

    Args:
        release: what is wanted.
        secrets: its secret values, or None to use those it was kept with (rollback).

    Returns:
        The release as this host keeps it.

    Raises:
        DeployError: the image cannot be had, or is for another architecture.
    """
    if not host.engine.has_image(release.image):
        host.engine.pull(release.repository, release.digest)
    facts = host.engine.image_facts(release.image)
    ours = host.engine.architecture()
    if facts.architecture and ours and facts.architecture != ours:
        raise DeployError(
            f"{release.image} is built for {facts.architecture}, this server is {ours}",
            f"Build the image for linux/{ours}",
            cause="unhealthy",
        )
    if secrets is None:
        return release
    kept = host.store.load(release.id)
    release = release.with_image_facts(facts.version, facts.revision)
    if kept is None:
        release = replace(release, created_at=now())
        # The record last: a release that is kept has its secrets.
        host.store.save_secrets(release.id, secrets)
        host.store.save(release)
        return release
    if release.migration and kept.migration != release.migration:
        kept = replace(kept, migration=release.migration)
        host.store.save(kept)
    return kept
