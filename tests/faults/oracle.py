"""What is asked after every fault: users, servers, ledgers, lock, secrets. Pure.

Each function returns what is wrong, one sentence each, so that a row shows all of it at once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tests.fleet.report import Span

from .truth import Truth, chain_break


def judge_users(seen: Span, allowed: Collection[str], *, reload: bool = False) -> list[str]:
    """No request failed, and no other version than these answered.

    Args:
        reload: the proxy was started again or reloaded, which closes idle connections.
    """
    wrong = []
    if seen.failed:
        told = "; ".join(f"{one.at:.2f} s: {one.reason}" for one in seen.failures[:3])
        wrong.append(f"{seen.failed} of {seen.sent} requests failed ({told})")
    if seen.retried and not reload:
        wrong.append(f"{seen.retried} kept connections were closed")
    if seen.unsent:
        wrong.append(f"{seen.unsent} requests could not be sent: this machine is too slow")
    strange = set(seen.versions) - set(allowed)
    if strange:
        wrong.append(f"users saw {', '.join(sorted(strange))}")
    if not seen.versions:
        wrong.append("nobody was served")
    return wrong


def judge_hosts(truths: Mapping[str, Truth], told: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What ``iactl status --json`` tells of each server is what is there."""
    wrong = [f"{host}: status does not name it" for host in truths if host not in told]
    for host, truth in truths.items():
        serving, row = truth.serving, told.get(host, {})
        for name in ("release", "slot", "digest", "state"):
            real = serving.get(name, "nothing runs" if name == "state" else "")
            if row.get(name) != real:
                wrong.append(f"{host}: status tells {name} {row.get(name)!r}, it is {real!r}")
        if serving and row.get("version") != truth.served:
            wrong.append(
                f"{host}: status tells version {row.get('version')!r}, users get {truth.served!r}"
            )
        problems = " ".join(row.get("problems", []))
        if truth.journal and json.loads(truth.journal)["release"] not in problems:
            wrong.append(f"{host}: status does not tell what was interrupted: {truth.journal}")
    return wrong


def judge_ledgers(truths: Mapping[str, Truth]) -> list[str]:
    """Every chain holds, and the last release that a ledger calls live is the one that serves."""
    wrong = []
    for host, truth in truths.items():
        broken = chain_break(truth.ledger)
        if broken:
            wrong.append(f"{host}: the ledger's chain breaks at {broken}")
            continue
        live = [one for one in truth.entries if one.get("outcome") == "live"]
        digest = live[-1]["digest"] if live else ""
        if truth.serving and not truth.journal and digest != truth.serving["digest"]:
            wrong.append(f"{host}: the ledger's last live release is not the one that serves")
    return wrong


def judge_rest(truths: Mapping[str, Truth], version: str) -> list[str]:
    """A normal deploy has ended: one container per server, no lock, nothing left of the fault."""
    wrong = []
    for host, truth in truths.items():
        if truth.served != version:
            wrong.append(f"{host}: serves {truth.served!r} instead of {version!r}")
        if len(truth.running) != 1:
            wrong.append(f"{host}: {len(truth.running)} containers run: {truth.running}")
        if truth.journal or truth.working:
            wrong.append(f"{host}: something is still being done: {truth.journal}")
        if truth.lease.get("held"):
            wrong.append(f"{host}: the lock is still held by {truth.lease['run']}")
        if truth.left:
            wrong.append(f"{host}: left behind: {', '.join(truth.left)}")
        last = truth.entries[-1] if truth.entries else {}
        if (last.get("outcome"), last.get("version")) != ("live", version):
            wrong.append(f"{host}: the ledger's last record is {last}")
    return wrong


def judge_secrets(
    words: Collection[str], texts: Iterable[str], truths: Mapping[str, Truth]
) -> list[str]:
    """Nothing that a person or a file got holds a secret."""
    wrong = [f"{host}: a secret in {place}" for host, one in truths.items() for place in one.leaks]
    for text in texts:
        if any(word in text for word in words):
            wrong.append(f"a secret was told: {text[:60]!r}…")
    return wrong
