"""What an application runs beside its web process on one host: what must run, what differs. Pure.

Each process is a container of its release, ``APP-RELEASE-NAME-1``. One that runs and that the
engine would start again is *settled*. One that runs without that was being started or stopped when
somebody died; it counts as neither, and is stopped before anything else is done with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from .container import (
    LABEL_CONFIG,
    LABEL_PER,
    LABEL_PROCESS,
    Container,
    Placement,
    creation_request,
)
from .spec import PER_FLEET, PER_HOST, Process, Release

# How the processes of a release change hands, in rising order of what has to be awaited.
MODES = NONE, HOST, FLEET = "none", "host", "fleet"


@dataclass(frozen=True)
class Change:
    """What separates a host from what must run on it; by names of containers."""

    stop: tuple[str, ...] = ()
    start: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.stop or self.start)


def instances(release: Release, first: bool) -> dict[str, Process]:
    """Return what a release runs on this host, by the names of its containers.

    Args:
        first: whether this host runs the processes of which the fleet has one.
    """
    return {
        f"{release.container}-{process.name}-{number}": process
        for process in release.runtime.processes
        if process.per == PER_HOST or first
        for number in range(1, process.count + 1)
    }


def compare(wanted: Collection[str], there: Iterable[Container]) -> Change:
    """Return what to stop, and then what to start, so that exactly the wanted ones run."""
    alive = [one for one in there if one.alive]
    settled = {one.name for one in alive if one.name in wanted and one.running and one.kept}
    return Change(
        stop=tuple(sorted(one.name for one in alive if one.name not in settled)),
        start=tuple(name for name in wanted if name not in settled),
    )


def mode(wanted: Release, before: Release | None, there: Iterable[Container]) -> str:
    """Return how processes change hands: not at all, on each host for itself, or so that every
    host has stopped its own before any starts the next one's."""
    known = [*wanted.runtime.processes, *(before.runtime.processes if before else ())]
    scopes = {one.per for one in known} | {one.per for one in there if one.alive}
    if PER_FLEET in scopes:
        return FLEET
    return HOST if scopes else NONE


def is_elsewhere(release: Release | None, name: str, first: bool) -> bool:
    """Return whether another host than this one may run a process of that name.

    Args:
        release: whose process; None where this host keeps no such release.
        first: whether this host runs the processes of which the fleet has one.
    """
    known = [one for one in release.runtime.processes if one.name == name] if release else []
    return any(one.per == PER_HOST or not first for one in known)


def process_request(
    release: Release,
    process: Process,
    placement: Placement,
    secrets: dict[str, str],
    stop_seconds: int,
) -> dict[str, Any]:
    """Return the engine's request body that creates a process's container.

    It has no restart policy, as the web process's has none: one that crashes at its start must be
    seen dead. The image's health check is the web process's, so it is switched off.

    Args:
        placement: its network and where its secrets are; it has no slot and no fixed address.
        stop_seconds: the application's grace, for a process that has none of its own.
    """
    runtime = replace(
        release.runtime,
        command=process.command,
        memory=process.memory or release.runtime.memory,
        cpus=process.cpus or release.runtime.cpus,
    )
    request = creation_request(replace(release, runtime=runtime), placement, secrets)
    request["NetworkingConfig"] = {}
    request["Healthcheck"] = {"Test": ["NONE"]}
    request["StopTimeout"] = process.stop_seconds or stop_seconds
    request["Labels"] |= {
        LABEL_CONFIG: release.runtime.config_hash,
        LABEL_PROCESS: process.name,
        LABEL_PER: process.per,
    }
    return request


def summary(
    release: Release | None, first: bool, there: Iterable[Container]
) -> list[dict[str, Any]]:
    """Return what reports show of the serving release's processes on this host."""
    if release is None:
        return []
    here = instances(release, first)
    settled = [one.process for one in there if one.name in here and one.running and one.kept]
    return [
        {
            "name": process.name,
            "per": process.per,
            "wanted": sum(1 for one in here.values() if one == process),
            "running": settled.count(process.name),
        }
        for process in release.runtime.processes
    ]


def find_problems(release: Release | None, first: bool, there: Iterable[Container]) -> list[str]:
    """Name what differs from a host that runs the serving release's processes and no others."""
    here = instances(release, first) if release else {}
    by_name = {one.name: one for one in there}
    problems = []
    for name, process in here.items():
        wrong = _wrong(by_name.get(name))
        if wrong:
            problems.append(f"process {process.name} does not run as it should: {name} {wrong}")
    for name, one in sorted(by_name.items()):
        if one.alive and name not in here:
            problems.append(f"process {one.process} must not run here: {name} is {one.state}")
    return problems


def _wrong(container: Container | None) -> str:
    if container is None:
        return "is gone"
    if container.state == "restarting":
        return "keeps restarting"
    if not container.running:
        return f"is {container.state}"
    return "" if container.kept else "would not come back after a crash or a reboot"
