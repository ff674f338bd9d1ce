"""One server in memory: an engine and a proxy, for what phases do with each other's traces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from iadeploy.container import Container
from iadeploy.errors import DeployError
from iadeploy.host import Asked, Host, Settings
from iadeploy.spec import Health
from iadeploy.store import Store
from iadeploy.traffic import Counters

from tests.unit.builders import ADDRESSES, OLDER_ID, container, release

ASKED = Asked("deploy", "ops")
OLD, NEW = release(id=OLDER_ID, committed_at="2026-02-28T09:00:00Z"), release()


class World:
    """An engine and a proxy in memory."""

    def __init__(self) -> None:
        self.there: dict[str, Container] = {}
        self.slots = {"blue": "ready", "green": "maint"}
        self.places = {slot: (address, 8000) for slot, address in ADDRESSES.items()}
        self.stuck: set[str] = set()
        self.busy: set[str] = set()
        self.endless: set[str] = set()

    def put(self, *containers: Container) -> None:
        """Have these containers."""
        self.there |= {one.name: one for one in containers}

    def states(self) -> dict[str, str]:
        """Each slot's state."""
        return dict(self.slots)

    def serve(self, slot: str, beside: str = "drain") -> None:
        """Send new requests to a slot."""
        self.slots = {one: "ready" if one == slot else beside for one in self.slots}

    def share(self, slot: str, share: int) -> None:
        """Send some of the new requests to a slot."""
        self.slots[slot] = "ready"

    def isolate(self, slot: str, serving: str | None) -> None:
        """Send nothing to a free slot."""
        self.slots[slot] = "maint"

    def route(self, slot: str, address: str, port: int) -> None:
        """Have a slot lead somewhere."""
        self.places[slot] = (address, port)

    def addresses(self) -> dict[str, str]:
        """Tell where each slot leads."""
        return {slot: address for slot, (address, _) in self.places.items()}

    def park(self) -> None:
        """Send requests nowhere."""
        self.slots = dict.fromkeys(self.slots, "maint")

    def sessions(self, slot: str) -> int:
        """Tell how many wait for an answer."""
        return int(slot in self.busy)

    def containers(self, app: str) -> list[Container]:
        """All there are."""
        return list(self.there.values())

    def inspect(self, name: str) -> Container | None:
        """One of them."""
        return self.there.get(name)

    def create(self, name: str, request: dict[str, Any]) -> None:
        """Create a container."""
        self.there[name] = Container(name, "created", "", "", "", "")

    def start(self, name: str) -> None:
        """Start a container, which does what it is for and ends, but for the endless ones."""
        if name in self.endless:
            self.there[name] = replace(self.there[name], state="running")
            return
        self.there[name] = replace(self.there[name], state="exited", exit_code=0)

    def stop(self, name: str, grace: int, may_go_on: Any = None) -> None:
        """End a container."""
        self.there[name] = replace(self.there[name], state="exited", exit_code=143)

    def keep_running(self, name: str) -> None:
        """Have a container come back with the server."""

    def remove(self, name: str) -> None:
        """Remove a container, where the engine can."""
        if name in self.stuck:
            raise DeployError(f"cannot remove {name}: device or resource busy")
        self.there.pop(name, None)

    def remove_image(self, name: str) -> None:
        """Remove an image."""

    def info(self) -> dict[str, Any]:
        """Tell where images are kept."""
        return {"DockerRootDir": "/"}

    def unused_image_bytes(self) -> int:
        """Nothing can be freed."""
        return 0

    def has_image(self, name: str) -> bool:
        """Every image is there."""
        return True

    def has_network(self, name: str) -> bool:
        """Every network is there."""
        return True

    def logs(self, name: str, lines: int = 0) -> bytes:
        """Return what a container printed."""
        return b"done\n"

    def counters(self, slot: str) -> Counters:
        """Nothing was counted."""
        return Counters()


def host_on(world: World, folder: Path) -> Host:
    """Return the host of an application whose old release is kept there."""
    settings = Settings("iadeploy", ADDRESSES, stop_seconds=5)
    store = Store(str(folder), "shop")
    store.save(OLD)
    return Host("shop", store, cast(Any, world), cast(Any, world), settings, Health())


def old_one(**changes: Any) -> Container:
    """The old release's container, in blue."""
    return replace(container("blue"), name=OLD.container, release=OLDER_ID, **changes)


def new_one(**changes: Any) -> Container:
    """The new release's container, in green."""
    return replace(container("green"), **changes)
