"""Abort: this host serves what it served before; the candidate is gone."""

from __future__ import annotations

from typing import Any

from ..errors import DeployError
from ..health import wait_healthy
from ..host import Asked, Host, View
from ..slots import other
from ..spec import Release
from .drain import drain
from .handover import Handover, hand_back

# The reason of a run that somebody stopped, and what became of its release.
CANCELLED = "cancelled"


def abort(
    host: Host, release_id: str, asked: Asked, reason: str, wanted: Handover
) -> dict[str, Any]:
    """Take the release out of traffic, hand its processes back and remove it.

    Works after any phase, also when the release never reached this host. One that was committed
    here is live, and stays.

    Args:
        wanted: with ``only_stop`` the release goes out of traffic and its processes end; a second
            call does the rest.

    Raises:
        DeployError: the old release could not be brought back.
    """
    journal = host.store.journal_of(release_id)
    if not journal:
        live = host.store.is_live(release_id)
        return {"changed": False, "flipped": False, "live": live, "quiet": wanted.only_stop}
    view = host.observe()
    release = host.store.load(release_id)
    switched = journal.get("before") != release_id and (
        _points_at(view, release_id)
        or view.states.get(journal.get("slot", "")) == "ready"  # a step's share, or all of it
        or journal.get("slot") == view.layout.serving
        or view.layout.ambiguous
        or bool(journal.get("back"))  # out of traffic already, its last requests not yet answered
    )
    drained = _flip_back(host, view, journal) if switched else True
    if "ran" in journal:
        hand_back(host, view, wanted)
    if wanted.only_stop:
        return {"changed": True, "flipped": switched, "quiet": True}
    told = {"actor": asked.actor, "reason": reason}
    outcome = CANCELLED if reason == CANCELLED else "failed"
    if release is not None:
        if journal.get("before") != release_id and (drained or not host.settings.hurried):
            _discard(host, release)
        migrated = {"migration": release.migration} if release.migration else {}
        host.store.record(asked.action, outcome, release, **told, **migrated)
    else:
        host.store.record_unkept(asked.action, outcome, release_id, **told)
        host.store.forget(release_id)  # secrets without a record, where it broke off in between
    host.store.end()
    return {"changed": True, "flipped": switched, "drained": drained}


def _points_at(view: View, release_id: str) -> bool:
    pointed = view.containers.get(view.layout.serving or "")
    return pointed is not None and pointed.release == release_id


def _flip_back(host: Host, view: View, journal: dict[str, Any]) -> bool:
    """Send requests to the release that served before; tell whether the others were answered."""
    slot = other(journal["slot"])
    before = view.containers.get(slot)
    if not journal.get("before"):
        _point_back(host, journal.get("before_slot", ""))
        return True
    if before is None or before.release != journal["before"]:
        raise DeployError(
            f"release {journal['before']} served before, but its container is gone",
            "Run 'iactl rollback' to a kept release, or 'iactl deploy'",
        )
    if not before.running:
        host.engine.start(before.name)
        known = host.known(before.release)
        wait_healthy(
            host.url(slot, known),
            host.health_of(known),
            lambda: host.engine.inspect(before.name),
        )
    host.proxy.serve(slot, beside="drain")
    drained = drain(host, other(slot))
    if drained or not host.settings.hurried:
        host.proxy.serve(slot, beside="maint")
    return drained


def _point_back(host: Host, slot: str) -> None:
    """Point the proxy where it pointed when nothing ran there: a container that was restarting
    serves again when it is up, and one that never was serves nobody in either case."""
    if slot:
        host.proxy.serve(slot, beside="maint")
    else:
        host.proxy.park()


def _discard(host: Host, release: Release) -> None:
    """Remove a release that never lived; keep one that did, stopped, for a later rollback."""
    host.withdraw(release)
    if release.committed_at:
        return
    host.remove_processes(release.id)
    host.engine.remove_image(release.image)
    host.store.forget(release.id)
