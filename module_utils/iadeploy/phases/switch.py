"""Switch: new requests go to the candidate; the old container stays running and warm."""

from __future__ import annotations

from typing import Any

from ..errors import DeployError
from ..host import Asked, Host
from ..slots import other
from ..spec import Release
from ..traffic import Counters

ALL = 100  # percent


def switch(host: Host, release: Release, asked: Asked, share: int = ALL) -> dict[str, Any]:
    """Point the proxy at the release.

    Args:
        share: how many of a hundred new requests it gets; the others go where they went before.

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
    # What a killed run had begun for another release says nothing of what this one replaces.
    journal = host.store.journal_of(release.id)
    before = view.serving
    host.store.intend(asked.action, release, asked.actor)
    host.store.begin(
        "switch",
        release.id,
        slot=candidate.slot,
        before=journal.get("before", before.release if before else ""),
        before_slot=journal.get("before_slot", view.layout.serving or ""),
        traffic=_traffic(host, candidate.slot, journal),
        share=share,
    )
    # The policy first: after the switch a reboot must bring this container back.
    host.engine.keep_running(candidate.name)
    if before is None:
        host.proxy.serve(candidate.slot, beside="maint")
    elif share < ALL:
        host.proxy.share(candidate.slot, share)
    else:
        host.proxy.serve(candidate.slot)
    return {"changed": True, "slot": candidate.slot}


def check_share(share: int) -> int:
    """Return the share of new requests when it is one.

    Raises:
        DeployError: it is not.
    """
    if not 1 <= share <= ALL:
        raise DeployError(
            f"app_traffic has a step of {share}", f"Use 1 to {ALL} percent", cause="input"
        )
    return share


def _traffic(host: Host, slot: str, journal: dict[str, Any]) -> dict[str, Any]:
    """Return what a bake compares: the old release's requests since prepare, and where the
    counters of the candidate's slot stand, which served other releases before."""
    if journal.get("step") == "switch":
        return dict(journal["traffic"])  # of the first step; the later ones add to it
    begun = Counters.from_json((journal.get("traffic") or {}).get("old"))
    old = host.proxy.counters(other(slot)).since(begun) if begun else None
    return {
        "old": old.to_json() if old else None,
        "new": host.proxy.counters(slot).to_json(),
    }
