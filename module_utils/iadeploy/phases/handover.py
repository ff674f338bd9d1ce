"""Handover: the old release's processes end, and only then do the new release's begin."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ..container import Container, Placement, fate
from ..errors import DeployError
from ..host import Asked, Host, View
from ..processes import compare, instances, is_elsewhere, process_request
from ..spec import PER_FLEET, Process, Release
from ..tether import check_tether

STEP = "handover"
_INTERVAL = 0.1  # seconds between two looks
_SETTLES = 2.0  # seconds that a process must run before it counts as started


@dataclass(frozen=True)
class Handover:
    """What a host cannot know of the fleet.

    Attributes:
        first: whether this host runs the processes of which the fleet has one.
        only_stop: end the old processes, and leave it at that.
        quiet: whether every host is known to have ended its own. Before that no process starts of
            which the fleet has one.
    """

    first: bool = False
    only_stop: bool = False
    quiet: bool = False


def handover(host: Host, release: Release, wanted: Handover, asked: Asked) -> dict[str, Any]:
    """Have this host run the release's processes and no others.

    Raises:
        DeployError: the release does not serve here, or one of its processes could not be started
            or did not stay.
    """
    view = host.observe()
    if view.serving is None or view.serving.release != release.id:
        raise DeployError(
            f"release {release.id} does not serve on this server, so its processes may not start",
            "Run 'iactl status' to see what does",
        )
    here = instances(release, wanted.first)
    there = host.processes(view)
    change = compare(here, there)
    if not change:
        return {"changed": False, "quiet": wanted.only_stop}
    host.store.intend(asked.action, release, asked.actor)
    _begin(host, release, view, there)
    killed = _stop(host, [one for one in there if one.name in change.stop])
    if not wanted.only_stop:
        if any(here[name].per == PER_FLEET for name in change.start):
            _check_quiet(wanted)
        _start(host, release, {name: here[name] for name in change.start})
    return {"changed": True, "quiet": wanted.only_stop, "remark": _remark(killed)}


def hand_back(host: Host, view: View, wanted: Handover) -> None:
    """Have this host run again what ran before the handover that its journal tells of.

    A server that was lost on the way says nothing of what it runs. What the fleet has one of comes
    back all the same where the release could not have started it anywhere but here.

    Raises:
        DeployError: a process that ran before does not run any more.
    """
    journal = host.store.journal()
    before: list[str] = journal["ran"]
    there = {one.name: one for one in host.processes(view)}
    change = compare(before, there.values())
    _stop(host, [there[name] for name in change.stop])
    if wanted.only_stop or not change.start:
        return
    back = [there[name] for name in change.start if name in there]
    failed = host.store.load(journal["release"])
    alone = [one.process for one in back if one.per == PER_FLEET]
    if any(is_elsewhere(failed, name, wanted.first) for name in alone):
        _check_quiet(wanted)
    for name in change.start:
        host.engine.start(name)
        host.engine.keep_running(name)
    _settle(host, host.known(back[0].release), change.start)


def check_processes(host: Host, release: Release, names: Collection[str]) -> None:
    """Return when all of them have run without a break since they were started.

    Raises:
        DeployError: one has not; its last log lines are in the evidence.
    """
    for name in names:
        container = host.engine.inspect(name)
        what = fate(container)
        if what:
            process = container.process if container else name
            raise DeployError(
                f"process {process} does not stay: the container {name} {what}",
                "Read the container's last log lines",
                cause="unhealthy",
                evidence={"log": host.last_words(release, name)},
            )


def _begin(host: Host, release: Release, view: View, there: list[Container]) -> None:
    """Write down what runs now, so that it can be brought back."""
    journal = host.store.journal()
    if journal.get("release") != release.id:  # the web process was right already
        slot = view.layout.serving
        journal = {"slot": slot, "before": release.id, "before_slot": slot}
    ran = journal.get("ran", [one.name for one in there if one.running and one.kept])
    since = journal.get("since", journal.get("at", ""))
    facts = {key: it for key, it in journal.items() if key not in ("step", "release", "at")}
    host.store.begin(STEP, release.id, **{**facts, "ran": ran, "since": since})


def _stop(host: Host, victims: list[Container]) -> list[str]:
    """Have processes end, each within its own grace; return those that had to be killed."""
    if not victims:
        return []
    journal = host.store.journal()
    told = dict(journal.get("ending") or {})
    for one in victims:
        host.engine.keep_stopped(one.name)
    for one in victims:
        if told.get(one.name) != one.started_at:
            host.engine.signal(one.name, one.stop_signal or "SIGTERM")
    journal["ending"] = {**told, **{one.name: one.started_at for one in victims}}
    host.store.begin(journal.pop("step"), journal.pop("release"), **journal)
    return _await_end(host, victims)


def _await_end(host: Host, victims: list[Container]) -> list[str]:
    started = time.monotonic()
    graces = {one.name: one.stop_seconds or host.settings.stop_seconds for one in victims}
    killed = []
    while graces:
        check_tether()
        for name, grace in list(graces.items()):
            container = host.engine.inspect(name)
            if container is None or not container.alive:
                graces.pop(name)
            elif time.monotonic() - started >= grace:
                host.engine.stop(name, 0)
                killed.append(name)
        if graces:
            time.sleep(_INTERVAL)
    return killed


def _start(host: Host, release: Release, wanted: dict[str, Process]) -> None:
    """Start processes; once they have settled, the engine looks after them."""
    for name, process in wanted.items():
        _create(host, release, name, process)
        host.engine.start(name)
    _settle(host, release, wanted)
    for name in wanted:
        host.engine.keep_running(name)


def _create(host: Host, release: Release, name: str, process: Process) -> None:
    """Have the process's container, as it was made for an earlier handover or anew."""
    there = host.engine.inspect(name)
    if there is not None and there.state in ("created", "exited"):
        return
    host.engine.remove(name)
    folder = str(host.store.secrets_folder(release.id))
    placement = Placement("", host.settings.process_network, "", folder)
    secrets = host.store.load_secrets(release.id)
    grace = host.settings.stop_seconds
    host.engine.create(name, process_request(release, process, placement, secrets, grace))


def _settle(host: Host, release: Release, names: Collection[str]) -> None:
    """Watch processes for the first moments, in which most that are broken crash."""
    ends = time.monotonic() + (_SETTLES if names else 0)
    while True:
        check_tether()
        check_processes(host, release, names)
        if time.monotonic() >= ends:
            return
        time.sleep(_INTERVAL)


def _check_quiet(wanted: Handover) -> None:
    if not wanted.quiet:
        raise DeployError(
            "a process of which the fleet has one was not started: another server may still run it",
            "Run 'iactl status'; once all servers answer, deploy again",
        )


def _remark(killed: list[str]) -> str:
    if not killed:
        return ""
    return f"{', '.join(killed)} did not end within stop_seconds and was killed"
