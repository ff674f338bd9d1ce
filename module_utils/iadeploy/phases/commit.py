"""Commit: the release is live; retire the old container and forget the oldest releases."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from ..clock import now
from ..errors import DeployError
from ..host import Asked, Host
from ..slots import other
from ..spec import Release
from .drain import drain


def commit(host: Host, release: Release, asked: Asked) -> dict[str, Any]:
    """Make the switch final on this host.

    The old container is stopped, not removed: a rollback starts it again and needs no registry,
    and its presence protects its image from ``docker image prune``.

    Raises:
        DeployError: another release serves here.
    """
    view = host.observe()
    serving = view.serving
    if serving is None or serving.release != release.id:
        raise DeployError(
            f"release {release.id} does not serve on this server, so it cannot be committed",
            "Run 'iactl status' to see what does",
            cause="mixed",
        )
    journal = host.store.journal()
    changed = bool(journal)
    if journal:
        before = journal.get("before", "")
        if not release.committed_at:
            release = replace(release, committed_at=now(), previous=before)
            host.store.save(release)
        told = {"migration": release.migration} if release.migration else {}
        host.store.record(asked.action, "live", release, actor=asked.actor, before=before, **told)
        host.store.end()
    drained = True
    old = view.containers.get(other(serving.slot))
    if old is not None and old.running and not host.settings.keep_warm:
        drained = drain(host, old.slot)
        if drained or not host.settings.hurried:
            host.proxy.serve(serving.slot, beside="maint")
            host.engine.stop(old.name, host.settings.stop_seconds)
        changed = True
    pruned = _prune(host, {release.id, release.previous, journal.get("before", "")})
    return {"changed": changed or bool(pruned), "drained": drained, "pruned": pruned}


def _prune(host: Host, protected: Collection[str]) -> list[str]:
    """Forget releases beyond the kept ones.

    Args:
        protected: the serving one and those that served before it, which stay in any case; some
            of them may have been forgotten long ago.
    """
    host.store.forget_unkept()
    known = host.store.releases()
    spare = [one for one in known if one.id not in protected]
    never_live = [one for one in spare if not one.committed_at]
    lived = sorted((one for one in spare if one.committed_at), key=lambda one: one.committed_at)
    places = max(host.settings.keep - (len(known) - len(spare)), 0)
    doomed = never_live + lived[: max(len(lived) - places, 0)]
    kept_images = {one.image for one in known if one not in doomed}
    for one in doomed:
        host.engine.remove(one.container)
        host.remove_processes(one.id)
        if one.image not in kept_images:
            host.engine.remove_image(one.image)
        host.store.forget(one.id)
    return [one.id for one in doomed]
