"""Prepare: start the candidate in the free slot and wait for its health. No traffic yet."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from ..container import Placement, creation_request, fate
from ..errors import DeployError
from ..health import Watch, wait_healthy
from ..host import Asked, Host, View
from ..spec import Release
from ..tether import check_tether
from .fetch import fetch_release


def prepare(
    host: Host, release: Release, secrets: dict[str, str] | None, asked: Asked
) -> dict[str, Any]:
    """Have the release running, healthy, in the free slot.

    Args:
        release: what to run.
        secrets: its secret values, or None to use those it was kept with (rollback).
        asked: what the ledger tells of it.

    Raises:
        DeployError: it could not be started or did not become healthy. The candidate is gone
            again, and what served before still serves.
    """
    view = host.observe()
    serving = view.serving
    if serving is not None and serving.release == release.id:
        return {"changed": False, "slot": serving.slot, "release": release.summary()}
    slot = view.layout.free
    host.store.intend(asked.action, release, asked.actor)
    host.store.begin(
        "prepare",
        release.id,
        slot=slot,
        before=serving.release if serving else "",
        before_slot=view.layout.serving or "",
        traffic={"old": _counted(host, view.layout.serving)},
    )
    timings: dict[str, float] = {}
    started = time.monotonic()
    release = fetch_release(host, release, secrets)
    values = host.store.load_secrets(release.id)
    timings["fetch"] = time.monotonic() - started
    host.proxy.isolate(slot, view.layout.serving)
    host.proxy.route(slot, host.settings.addresses[slot], release.runtime.port)
    started = time.monotonic()
    try:
        repaired = host.clear(slot)
        changed = _start(host, view, slot, release, values)
        timings["start"] = time.monotonic() - started
        watch = _become_healthy(host, slot, release)
    except DeployError as error:
        error.evidence.setdefault("log", host.last_words(release))
        with suppress(DeployError):  # the cause counts more, and the abort comes by here again
            host.withdraw(release)
        raise
    timings["healthy"] = watch.seconds
    return {
        "changed": changed,
        "slot": slot,
        "release": release.summary(),
        "health": watch.evidence(),
        "repaired": repaired,
        "timings": {name: round(seconds, 3) for name, seconds in timings.items()},
    }


def _counted(host: Host, slot: str | None) -> dict[str, Any] | None:
    """Return what the proxy has counted of the serving slot, to compare the candidate with."""
    return host.proxy.counters(slot).to_json() if slot else None


def _start(host: Host, view: View, slot: str, release: Release, secrets: dict[str, str]) -> bool:
    """Have the release's container running in the slot; tell whether anything changed."""
    there = view.containers.get(slot)
    if there is not None and there.running:
        # Of one that crashed at some time, only what happens from now on counts: its next start
        # is counted from zero.
        if there.release == release.id and not fate(host.engine.inspect(there.name)):
            return False
        host.engine.stop(there.name, host.settings.stop_seconds)
    if there is not None and there.release == release.id:
        host.engine.start(there.name)
        return True
    # A container of this release made for the other slot has the wrong address.
    host.engine.remove(release.container)
    placement = Placement(
        slot=slot,
        network=host.settings.network,
        address=host.settings.addresses[slot],
        secrets_folder=str(host.store.secrets_folder(release.id)),
    )
    host.engine.create(release.container, creation_request(release, placement, secrets))
    if secrets and release.runtime.secrets_as == "file":
        user = host.engine.image_facts(release.image).user
        host.store.own_secrets(release.id, *host.engine.user_ids(release.container, user))
    host.engine.start(release.container)
    return True


def _become_healthy(host: Host, slot: str, release: Release) -> Watch:
    return wait_healthy(
        host.url(slot, release),
        host.health_of(release),
        lambda: host.engine.inspect(release.container),
        may_go_on=check_tether,
    )
