"""One application on one host: its files, its engine, its proxy, and what really runs."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from . import orphans
from .container import Container
from .engine import Engine
from .errors import DeployError
from .haproxy import Proxy
from .masking import log_tail
from .slots import SLOTS, Layout, layout
from .spec import Health, Release
from .store import Store

_LOG_SETTLES = 1.0  # seconds that a container's last words get to come to rest
_LOG_INTERVAL = 0.1  # seconds between two looks


@dataclass(frozen=True)
class Settings:
    """How releases are handled on this host.

    Attributes:
        network: the Docker network of all slots; processes have one beside it, where no address
            is taken from a slot.
        addresses: slot to fixed IPv4 address.
        drain_seconds: how long in-flight requests of the old release may take.
        stop_seconds: grace between SIGTERM and SIGKILL.
        keep: how many releases a host keeps for rollback, the serving one included.
        keep_warm: leave the old container running after commit.
        hurried: of a cancelled run, which has few seconds left: a container with requests in
            flight is left running without new ones, for the next deploy to remove.
        min_free_bytes: free space under the engine's data root that a deploy asks for.
    """

    network: str
    addresses: dict[str, str]
    drain_seconds: float = 30.0
    stop_seconds: int = 30
    keep: int = 5
    keep_warm: bool = False
    hurried: bool = False
    min_free_bytes: int = 1 << 30

    @property
    def process_network(self) -> str:
        """The Docker network of what runs beside the web process."""
        return f"{self.network}-processes"


@dataclass(frozen=True)
class Asked:
    """What was asked for, and by whom; for the ledger."""

    action: str
    actor: str


@dataclass
class Host:
    """Everything a phase works with."""

    app: str
    store: Store
    engine: Engine
    proxy: Proxy
    settings: Settings
    health: Health

    def observe(self) -> View:
        """Look at the proxy and the engine; files may be out of date.

        Only where both slots take requests the journal tells which one did before.
        """
        states = self.proxy.states()
        there = self.engine.containers(self.app)
        in_slots = _one_per_slot(there)
        running = {slot: container.running for slot, container in in_slots.items()}
        decided = layout(states, running)
        if decided.ambiguous:
            decided = decided.trusting(self.store.journal().get("before_slot", ""))
        processes = tuple(one for one in there if one.process)
        return View(states, in_slots, decided, processes)

    def processes(self, view: View) -> list[Container]:
        """Return what runs, or ran, beside the web process; of what lives, all that is known."""
        return [
            (self.engine.inspect(one.name) or one) if one.alive else one for one in view.processes
        ]

    def clear(self, slot: str) -> list[str]:
        """End what holds a free slot's address and belongs to no container; say what was done.

        Raises:
            DeployError: it could not be ended.
        """
        address = self.settings.addresses[slot]
        done = []
        for container in orphans.holders(address):
            if not self.engine.knows(container):
                orphans.end(container, address)
                left = f"a process at {address} that a crash of the Docker Engine had left"
                done.append(f"{left} was ended")
        return done

    def withdraw(self, release: Release) -> None:
        """Have a release's container run no more: stopped where it lived before, else removed."""
        if not release.committed_at:
            self.engine.remove(release.container)
            return
        container = self.engine.inspect(release.container)
        if container is not None and container.running:
            self.engine.stop(release.container, self.settings.stop_seconds)

    def remove_processes(self, release_id: str) -> None:
        """Remove the containers of a release's processes."""
        for one in self.engine.containers(self.app):
            if one.process and one.release == release_id:
                self.engine.remove(one.name)

    def health_of(self, release: Release) -> Health:
        """Return when a release counts as healthy: where and how to ask it as it was deployed,
        for how long as the settings say now."""
        asked = dict(release.health or {})
        if asked:
            asked["statuses"] = tuple(asked["statuses"])
        return replace(self.health, version=release.version, **asked)

    def url(self, slot: str, release: Release) -> str:
        """Return the health endpoint at a slot's own address."""
        path = self.health_of(release).path
        return f"http://{self.settings.addresses[slot]}:{release.runtime.port}{path}"

    def last_words(self, release: Release, container: str = "") -> list[str]:
        """Return the last log lines of a release's container, its secrets masked; none when
        somebody has removed it meanwhile.

        Args:
            container: another one than the web process's.
        """
        try:
            secrets = self.store.load_secrets(release.id).values()
            return log_tail(self._settled_log(container or release.container), secrets)
        except DeployError:
            return []

    def _settled_log(self, container: str) -> bytes:
        """Return a container's output. The engine copies it behind the container's back, and of
        one that has just died the line that says why may still be on its way."""
        deadline = time.monotonic() + _LOG_SETTLES
        said = self.engine.logs(container)
        while time.monotonic() < deadline:
            time.sleep(_LOG_INTERVAL)
            before, said = said, self.engine.logs(container)
            if said == before:
                break
        return said

    def known(self, release_id: str) -> Release:
        """Return a kept release.

        Raises:
            DeployError: this host does not keep it; the sentence lists what it keeps.
        """
        release = self.store.load(release_id)
        if release is None:
            kept = [f"{one.id} ({one.label})" for one in self.store.releases()]
            raise DeployError(
                f"release {release_id} is not kept on this server",
                f"Choose one of: {', '.join(kept) or 'none is kept here'}",
                cause="unavailable",
            )
        return release


@dataclass(frozen=True)
class View:
    """What was seen on a host at one moment.

    Attributes:
        states: slot to proxy state.
        containers: slot to the container in it; a running one before one that is being
            restarted, and that before a stopped one.
        layout: which slot serves and which is free.
        processes: containers of what runs beside the web process, as listed.
    """

    states: dict[str, str]
    containers: dict[str, Container]
    layout: Layout
    processes: tuple[Container, ...] = ()

    @property
    def serving(self) -> Container | None:
        """The container that new requests go to, or None."""
        if self.layout.serving is None:
            return None
        container = self.containers.get(self.layout.serving)
        return container if container is not None and container.running else None

    def summary(self) -> dict[str, Any]:
        """Return what reports show."""
        serving = self.serving
        return {
            "serving": {"slot": serving.slot, **serving.summary()} if serving else None,
            "points_at": self.layout.serving,
            "slots": {
                slot: {
                    "proxy": self.states[slot],
                    **(self.containers[slot].summary() if slot in self.containers else {}),
                }
                for slot in SLOTS
            },
        }


def _one_per_slot(containers: list[Container]) -> dict[str, Container]:
    """Return what a slot is about, of all that were ever made for it and are kept stopped: what
    runs, else what is being restarted."""
    chosen: dict[str, Container] = {}
    for container in sorted(containers, key=lambda one: (not one.running, not one.alive)):
        if container.slot in SLOTS:
            chosen.setdefault(container.slot, container)
    return chosen
