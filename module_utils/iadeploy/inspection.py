"""What really runs on a host, and what is not as it should be."""

from __future__ import annotations

from typing import Any

from . import processes
from .access_file import describe_access
from .host import Host, View
from .slots import SLOTS


def inspect_host(host: Host, history: int, *, first: bool = False) -> dict[str, Any]:
    """Return the host's truth: the serving release, its record, the kept ones, the problems.

    Args:
        history: how many of the latest entries are wanted.
        first: whether this host runs the processes of which the fleet has one.

    A step that a living run has begun is among the problems: only the asker may know, from the
    lease, that this run lives.
    """
    view = host.observe()
    serving = view.serving
    release = host.store.load(serving.release) if serving else None
    pointed_at = view.layout.serving
    pointed = view.containers.get(pointed_at or "")
    current = host.store.load(pointed.release) if pointed else None
    beside = host.processes(view)
    lease = host.store.lease.read()
    interrupted = host.store.journal() or None
    ledger = host.store.ledger()
    return {
        **view.summary(),
        "release": release.summary() if release else None,
        "processes": processes.summary(current, first, beside),
        "releases": [one.summary() for one in host.store.releases()],
        "interrupted": interrupted,
        "lease": lease.to_json() if lease else None,
        "emergency_access": describe_access(host.store.root),
        "problems": [
            *find_problems(view, recorded=release is not None, interrupted=interrupted),
            *(processes.find_problems(current, first, beside) if current or not pointed_at else []),
            *([f"the ledger is broken: {ledger.problem}"] if ledger.problem else []),
        ],
        "ledger": {
            "head": ledger.head,
            "length": ledger.length,
            "problem": ledger.problem,
            "acknowledged": list(ledger.acknowledged),
        },
        "history": host.store.history()[-history:] if history else [],
    }


def find_problems(view: View, *, recorded: bool, interrupted: dict[str, Any] | None) -> list[str]:
    """Name what differs from a host at rest, one sentence each. Pure."""
    problems = []
    pointed = view.layout.serving
    if pointed is not None and view.serving is None:
        there = view.containers.get(pointed)
        state = f"is {there.state}" if there else "is gone"
        problems.append(f"the proxy points at slot {pointed}, whose container {state}")
    if view.layout.ambiguous:
        problems.append("both slots take traffic")
    if pointed is None:
        problems += [
            f"container {one.name} runs, but the proxy sends it nothing"
            for one in view.containers.values()
            if one.running
        ]
    if view.serving is not None and not recorded:
        problems.append(f"no record is kept of the serving release {view.serving.release}")
    if interrupted:
        problems.append(
            f"{interrupted.get('step')} of release {interrupted.get('release')}"
            f" was begun at {interrupted.get('at')} and has not ended"
        )
    for slot in SLOTS:
        container = view.containers.get(slot)
        if container and container.state == "restarting":
            problems.append(f"container {container.name} keeps restarting")
    return problems
