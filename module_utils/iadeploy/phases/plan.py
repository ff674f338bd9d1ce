"""Plan: look, compare, and refuse early. Changes nothing."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from ..container import Container
from ..errors import DeployError
from ..health import wait_healthy
from ..host import Host, View
from ..processes import compare, instances, mode
from ..reference import parse_reference
from ..spec import Release

_MIN_FREE_FILES = 10_000  # an image with an interpreter and its packages has as many


def plan_deploy(
    host: Host, wanted: Release, secrets: dict[str, str], *, first: bool = False
) -> dict[str, Any]:
    """Resolve the image and compare the wanted release with what serves.

    Args:
        wanted: the release; its digest is empty while only a tag is known.
        secrets: its secret values by name.
        first: whether this host runs the processes of which the fleet has one.

    Raises:
        DeployError: the host could not run the release; nothing was touched.
    """
    _check_ledger(host)
    _check_space(host)
    _check_slots(host)
    digest = wanted.digest
    if not digest or not host.engine.has_image(wanted.image):
        digest = host.engine.resolve(parse_reference(_asked_for(wanted)))
    wanted = replace(wanted, digest=digest)
    view = host.observe()
    return {
        "digest": digest,
        "same": _is_same(host, view, wanted, secrets) and _is_complete(host, view, first),
        "handover": _mode(host, view, wanted),
        "interrupted": host.store.journal() or None,
        "diff": _diff(host, view, wanted),
        **view.summary(),
    }


def plan_rollback(host: Host, target: str, *, first: bool = False) -> dict[str, Any]:
    """Find the release to go back to.

    Args:
        target: a release id, or ``previous`` for the one that served before the current one.
        first: whether this host runs the processes of which the fleet has one.

    Raises:
        DeployError: there is no such release here, or its image is gone.
    """
    _check_slots(host)
    view = host.observe()
    serving = view.serving
    if target == "previous":
        target = _previous(host, serving)
    release = host.known(target)
    if not host.engine.has_image(release.image):
        raise DeployError(
            f"the image of release {release.id} is no longer on this server",
            f"Deploy it again: iactl deploy ENV --image {release.image}",
            cause="unavailable",
        )
    return {
        "digest": release.digest,
        "target": release.summary(),
        "warm": _is_warm(host, view, release),
        "same": serving is not None
        and serving.release == release.id
        and not host.store.journal()
        and _is_complete(host, view, first),
        "handover": _mode(host, view, release),
        "interrupted": host.store.journal() or None,
        "diff": _diff(host, view, release),
        **view.summary(),
    }


def _check_slots(host: Host) -> None:
    """Return when HAProxy's slots are where containers are placed.

    Raises:
        DeployError: they are elsewhere.
    """
    known = host.proxy.addresses()
    if known != host.settings.addresses:
        raise DeployError(
            f"HAProxy has the slots of '{host.app}' at {' and '.join(known.values())}, and"
            f" app_slot_index means {' and '.join(host.settings.addresses.values())}",
            "Set app_slot_index to what it was, or run 'iactl bootstrap' where it is a new one",
            cause="refused",
        )


def _is_complete(host: Host, view: View, first: bool) -> bool:
    """Whether exactly the processes run here that the serving release has."""
    current = host.store.load(view.serving.release) if view.serving else None
    wanted = instances(current, first) if current else {}
    return not compare(wanted, host.processes(view))


def _mode(host: Host, view: View, wanted: Release) -> str:
    """Return how processes will change hands.

    Raises:
        DeployError: the release has processes, and the server was prepared before there were any.
    """
    network = host.settings.process_network
    if wanted.runtime.processes and not host.engine.has_network(network):
        raise DeployError(
            f"the Docker network {network} does not exist on this server",
            "Run 'iactl bootstrap' for this environment once more",
            cause="refused",
        )
    current = host.store.load(view.serving.release) if view.serving else None
    return mode(wanted, current, view.processes)


def _is_warm(host: Host, view: View, release: Release) -> bool:
    """Whether the release still runs beside the serving one and answers well, right now."""
    container = view.containers.get(view.layout.free)
    if container is None or not container.running or container.release != release.id:
        return False
    at_once = replace(host.health_of(release), deadline=host.health.timeout)
    try:
        wait_healthy(
            host.url(container.slot, release), at_once, lambda: host.engine.inspect(container.name)
        )
    except DeployError:
        return False
    return True


def _asked_for(wanted: Release) -> str:
    return wanted.image if wanted.digest else f"{wanted.repository}:{wanted.tag}"


def _previous(host: Host, serving: Container | None) -> str:
    current = host.store.load(serving.release) if serving else None
    if current is not None and current.previous:
        return current.previous
    journal = host.store.journal()
    if current is not None and journal.get("release") == current.id and journal.get("before"):
        return str(journal["before"])  # it serves, and was never committed here
    lived = [one["release"] for one in host.store.history() if one["outcome"] == "live"]
    if current is not None and not current.committed_at and lived:
        return str(lived[-1])  # nor is what a killed run had begun with it still known
    kept = [f"{one.id} ({one.label})" for one in host.store.releases()]
    now = current.label if current else "nothing"
    raise DeployError(
        f"there is no release before the one that serves ({now})",
        f"Name one with --to; kept here: {', '.join(kept) or 'none'}",
        cause="unavailable",
    )


def _is_same(host: Host, view: View, wanted: Release, secrets: dict[str, str]) -> bool:
    """Whether the wanted release is what serves, in every byte that could matter.

    What a killed run had switched to, and what serves on since nothing after it went well, is live
    only once a run has committed it.
    """
    serving = view.serving
    kept = host.store.load(serving.release) if serving else None
    return (
        serving is not None
        and (kept is None or bool(kept.committed_at))
        and serving.digest == wanted.digest
        and serving.config_hash == wanted.runtime.config_hash
        and host.store.load_secrets(serving.release) == secrets
        and not host.store.journal()
        and not view.layout.ambiguous
    )


def _check_ledger(host: Host) -> None:
    """Refuse to add to a record that somebody changed. Going back stays possible."""
    problem = host.store.ledger().problem
    if problem:
        raise DeployError(
            f"the ledger is broken: {problem}",
            "Find out who could write there and keep a copy of the file; then"
            " 'iactl audit acknowledge ENV --reason …' lets deploys go on",
            cause="refused",
        )


def _check_space(host: Host) -> None:
    root = str(host.engine.info().get("DockerRootDir", "/var/lib/docker"))
    there = os.statvfs(root)
    free = there.f_bavail * there.f_frsize
    asked = host.settings.min_free_bytes
    if free < asked:
        raise DeployError(
            f"{root} has {free >> 20} MiB free, a deploy asks for {asked >> 20} MiB:"
            f" {(asked - free >> 20) + 1} MiB are missing",
            f"Free space: 'docker image prune -a' would free {_freed(host)}; or lower"
            " app_min_free_mib",
            cause="refused",
        )
    # A file system without a fixed number of files tells none at all.
    if there.f_files and there.f_favail < _MIN_FREE_FILES:
        raise DeployError(
            f"{root} has room for {there.f_favail} more files, a deploy asks for"
            f" {_MIN_FREE_FILES}: its inodes are used up",
            f"Free space: 'docker image prune -a' would free {_freed(host)}",
            cause="refused",
        )


def _freed(host: Host) -> str:
    unused = host.engine.unused_image_bytes()
    return f"up to {unused >> 20} MiB" if unused >> 20 else "nothing"


def _diff(host: Host, view: View, wanted: Release) -> dict[str, str]:
    serving = view.serving
    current = host.store.load(serving.release) if serving else None
    return {"before": describe(current), "after": describe(wanted)}


def describe(release: Release | None) -> str:
    """Return a release as the text that a diff compares; values of variables stay out."""
    if release is None:
        return "nothing deployed\n"
    runtime = release.runtime
    processes = [f"{one.name} ({one.count} per {one.per})" for one in runtime.processes]
    return (
        f"image: {release.image}\n"
        f"port: {runtime.port}\n"
        f"variables: {', '.join(sorted(runtime.env)) or '-'}\n"
        f"secrets: {', '.join(sorted(runtime.secret_names)) or '-'} (as {runtime.secrets_as})\n"
        f"processes: {', '.join(processes) or '-'}\n"
        f"configuration: {runtime.config_hash[:12]}\n"
    )
