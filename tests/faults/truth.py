"""What really runs on the servers, as they answer themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.site import SECRET, Site
from tests.fleet.server import Server

_LOOK = Path(__file__).with_name("look.py").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Truth:
    """One server at one moment.

    Attributes:
        containers: the application's containers.
        states: slot to the proxy's state.
        served: the version that a user of its proxy gets; empty for none.
        journal: the text of the open journal; empty when nothing is under way.
        lease: the lease file.
        ledger: the ledger's text.
        left: temporary files that a crash has left behind.
        working: whether a module of the product is at work.
        leaks: where a secret can be seen.
    """

    containers: list[dict[str, str]]
    states: dict[str, str]
    served: str
    journal: str
    lease: dict[str, Any]
    ledger: str
    left: list[str]
    working: bool
    leaks: list[str]

    @property
    def serving(self) -> dict[str, str]:
        """The running container that new requests go to; empty when there is none."""
        ready = [slot for slot, state in self.states.items() if state == "ready"]
        running = [one for one in self.containers if one["state"] == "running"]
        return next((one for one in running if [one["slot"]] == ready), {})

    @property
    def running(self) -> list[str]:
        """The names of the running containers."""
        return [one["name"] for one in self.containers if one["state"] == "running"]

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The ledger's records."""
        return [json.loads(line) for line in self.ledger.splitlines()]

    @property
    def at_rest(self) -> tuple[Any, ...]:
        """All that a refused or failed release must leave as it was."""
        return (sorted(tuple(one.items()) for one in self.containers), self.states)


def look(site: Site, servers: Sequence[Server] | None = None) -> dict[str, Truth]:
    """Ask servers, by default all of the site, at the same time."""
    asked = list(site.servers if servers is None else servers)
    question = {"app": site.app, "words": [SECRET, site.fleet.registry.password]}

    def ask(server: Server) -> Truth:
        given = json.dumps({**question, "host": site.domain or server.address})
        argv = ["python3", "-c", _LOOK]
        answer = server.run(argv, stdin=given, check=True)
        return Truth(**json.loads(answer.stdout))

    with ThreadPoolExecutor(len(asked)) as pool:
        return {one.name: truth for one, truth in zip(asked, pool.map(ask, asked), strict=True)}


def chain_break(ledger: str) -> str:
    """Return the first line at which a ledger's chain of hashes breaks; empty when it holds.

    Written from docs/ledger.md alone.
    """
    before = "0" * 64
    for number, line in enumerate(ledger.splitlines(), start=1):
        entry = json.loads(line)
        told = entry.pop("hash")
        content = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        right = hashlib.sha256(content.encode()).hexdigest()
        if entry["prev_hash"] != before or told != right:
            return f"line {number}"
        before = told
    return "" if ledger.endswith("\n") or not ledger else "the last line is torn"
