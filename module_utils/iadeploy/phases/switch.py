"""Switch: new requests go to the candidate; the old container stays running and warm."""

from __future__ import annotations

from typing import Any

from ..errors import DeployError
from ..host import Asked, Host
from ..slots import other
from ..spec import Release
from ..traffic import Counters


def switch(host: Host, release: Release, asked: Asked) -> dict[str, Any]:
    """Point the proxy at the release.

    Raises:
        DeployError: the release does not run in the free slot, or the proxy refused.
    """
    view = host.observe()
    serving = view.serving
    if serving is not None and serving.release == release.id and not view.layout.ambiguous:
        return {"changed": False, "slot": serving.slot}
    candidate = next(
        (one for one in view.containers.values() if one.release == release.id and one.running), None
    )
    if candidate is None:
        raise DeployError(
            f"release {release.id} does not run on this server",
            "Run the deploy again; it prepares the release anew",
        )
    journal = host.store.journal()
    before = view.serving
    host.store.intend(asked.action, release, asked.actor)
    host.store.begin(
        "switch",
        release.id,
        slot=candidate.slot,
        before=journal.get("before", before.release if before else ""),
        before_slot=journal.get("before_slot", view.layout.serving or ""),
        traffic=_traffic(host, candidate.slot, journal),
    )
    # The policy first: after the switch a reboot must bring this container back.
    host.engine.keep_running(candidate.name)
    host.proxy.serve(candidate.slot, beside="drain" if before is not None else "maint")
    return {"changed": True, "slot": candidate.slot}


def _traffic(host: Host, slot: str, journal: dict[str, Any]) -> dict[str, Any]:
    """Return what a bake compares: the old release's requests since prepare, and where the
    counters of the candidate's slot stand, which served other releases before."""
    begun = Counters.from_json((journal.get("traffic") or {}).get("old"))
    old = host.proxy.counters(other(slot)).since(begun) if begun else None
    return {
        "old": old.to_json() if old else None,
        "new": host.proxy.counters(slot).to_json(),
    }
