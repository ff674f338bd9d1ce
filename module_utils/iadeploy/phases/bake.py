"""Bake: the release takes all traffic, the old one still runs; watch which one it should be."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..clock import age
from ..container import fate
from ..errors import DeployError
from ..host import Host
from ..lease import Claim
from ..probe import fetch, judge
from ..processes import instances
from ..slots import other
from ..spec import Release
from ..tether import check_tether
from ..traffic import Counters, Limits, breach, remark
from . import handover

_INTERVAL = 0.25  # seconds between two looks
_BAD_IN_A_ROW = 3  # health answers; a single slow one is no reason to go back


@dataclass(frozen=True)
class Bake:
    """How long, and by which limits.

    Attributes:
        window: seconds of this call; the whole fleet's results are looked at between two calls.
        bad: bad health answers in a row at the end of the call before.
        halt: another server's release did badly, so this one is not watched but taken back.
    """

    window: float
    limits: Limits
    bad: int = 0
    halt: bool = False


def bake(
    host: Host, release: Release, wanted: Bake, claim: Claim, *, first: bool = False
) -> dict[str, Any]:
    """Watch the release for one window.

    One that does badly loses its traffic here and now: users need not wait for the judgement over
    the fleet, which can only be the same, nor for the abort, which does the rest.

    Args:
        claim: the run, whose lease it must still be.
        first: whether this host runs the processes of which the fleet has one.

    Returns:
        ``bad`` for the next call, what the proxy counted since the switch, and a remark when
        that was too little; ``idle`` where the release takes no traffic yet.

    Raises:
        DeployError: a container died or restarted, its health is bad, or the proxy counted more
            failures or slower answers than the limits allow.
    """
    journal = host.store.journal()
    step = journal.get("step")
    if step not in ("switch", handover.STEP) or journal.get("release") != release.id:
        return {"changed": False, "idle": True, "bad": 0, "traffic": {}, "remark": ""}
    try:
        if not wanted.halt:
            return _watch(host, release, wanted, journal, first)
        new = _counted(host, journal)
    except DeployError as error:
        if error.cause == "unhealthy":
            with suppress(DeployError):  # why it did badly is what has to be told
                _take_back(host, release, claim)
        raise
    changed = _take_back(host, release, claim)
    return {"changed": changed, "bad": 0, "traffic": new.to_json(), "remark": ""}


def _watch(
    host: Host, release: Release, wanted: Bake, journal: dict[str, Any], first: bool
) -> dict[str, Any]:
    step = journal["step"]
    slot, bad = journal["slot"], wanted.bad
    beside = instances(release, first) if step == handover.STEP else {}
    ends = time.monotonic() + wanted.window
    while True:
        check_tether()
        _check_container(host, release)
        _check_reached(host, release, slot)
        handover.check_processes(host, release, beside)
        bad = _check_health(host, release, slot, bad)
        new = _check_traffic(host, release, journal, wanted.limits)
        if time.monotonic() >= ends:
            break
        time.sleep(min(_INTERVAL, max(0.0, ends - time.monotonic())))
    return {
        "changed": False,
        "bad": bad,
        "traffic": new.to_json(),
        "remark": remark(new, wanted.limits),
    }


def _take_back(host: Host, release: Release, claim: Claim) -> bool:
    """Send new requests to the release before at once; tell whether that was possible.

    It is left to the abort where nothing served before or that has to start first, and to nobody
    after a destructive migration, on whose schema the release before would not run.
    """
    with host.store.exclusive(claim):
        journal = host.store.journal()
        before = host.observe().containers.get(other(journal.get("slot", "")))
        migration = release.migration or {}
        if (
            journal.get("release") != release.id
            or not journal.get("before")
            or before is None
            or before.release != journal["before"]
            or not before.running
            or (migration.get("ran") and migration.get("destructive"))
        ):
            return False
        facts = {key: it for key, it in journal.items() if key not in ("step", "release", "at")}
        since = journal.get("since") or journal["at"]
        host.store.begin(journal["step"], release.id, **{**facts, "since": since, "back": True})
        host.proxy.serve(before.slot, beside="drain")
    return True


def _check_container(host: Host, release: Release) -> None:
    """Raise when the container is not the one that went into traffic, alive ever since."""
    what = fate(host.engine.inspect(release.container))
    if what:
        raise _worse(host, release, f"the container {what} after it took traffic")


def _check_reached(host: Host, release: Release, slot: str) -> None:
    """Raise when the proxy finds nobody there: it counts no request that it sends to nobody."""
    why = host.proxy.unreached(slot)
    if why:
        raise _worse(host, release, f"the proxy does not reach it: {why}")


def _check_health(host: Host, release: Release, slot: str, bad: int) -> int:
    """Return how many answers in a row were bad; raise when they are too many."""
    health = host.health_of(release)
    url = host.url(slot, release)
    verdict = judge(fetch(url, timeout=health.timeout, host=health.host), health)
    if verdict.healthy:
        return 0
    if bad + 1 >= _BAD_IN_A_ROW:
        raise _worse(host, release, f"GET {url}: {verdict.cause}, {bad + 1} times in a row")
    return bad + 1


def _check_traffic(
    host: Host, release: Release, journal: dict[str, Any], limits: Limits
) -> Counters:
    """Return what the proxy counted since the switch; raise when it is too bad."""
    new = _counted(host, journal)
    limits = limits.after(age(journal.get("since") or journal["at"]))
    bad = breach(new, Counters.from_json((journal.get("traffic") or {}).get("old")), limits)
    if bad:
        raise _worse(host, release, bad)
    return new


def _counted(host: Host, journal: dict[str, Any]) -> Counters:
    """Return what the proxy counted of the release since the switch."""
    begun = Counters.from_json((journal.get("traffic") or {}).get("new")) or Counters()
    return host.proxy.counters(journal["slot"]).since(begun) or Counters()


def _worse(host: Host, release: Release, what: str) -> DeployError:
    return DeployError(
        what,
        "Read the container's last log lines",
        cause="unhealthy",
        evidence={
            "log": host.last_words(release),
            "traffic": _counted(host, host.store.journal()).to_json(),
        },
    )
