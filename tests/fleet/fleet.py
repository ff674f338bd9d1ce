"""A rig: servers, a registry, a database and a cache on a network of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from . import assembly, clean, daemon, inventory, network, signals
from .cache import Cache
from .database import Database
from .errors import COMMAND, RigError
from .home import home
from .labels import Identity, checked_name
from .members import CLIENT_KEY, KNOWN_HOSTS, Members
from .owner import Owner
from .registry import Registry
from .server import Server
from .state import State

Progress = Callable[[str], None]
Part = TypeVar("Part")


class Fleet:
    """A running rig. As a context manager it is removed at the end, on INT and on TERM too."""

    def __init__(self, identity: Identity, state: State) -> None:
        self.identity = identity
        self.state = state
        self._members = Members.of(identity, state)
        self._stack = contextlib.ExitStack()

    @classmethod
    def up(
        cls,
        name: str | None = None,
        *,
        servers: int = 2,
        flavour: str = "ready",
        registry: bool = True,
        database: bool = True,
        keep: bool = False,
        progress: Progress = lambda line: None,
    ) -> Fleet:
        """Start a rig; a random name unless one is given. `database` brings the cache along.

        A rig that is not kept belongs to this process: `clean` removes it once the process has
        gone. Raises RigError; whatever had been started is removed then.
        """
        order = assembly.Order(servers, flavour, registry, database, keep)
        order.check()
        daemon.ensure(progress)
        identity = Identity.fresh(name)
        with signals.raising():
            subnet = network.create(identity)
            try:
                state = assembly.build(identity, order, subnet, progress)
                return cls(identity, state)
            except BaseException:
                for found in clean.find(identity.name):
                    clean.remove(found)
                raise

    @classmethod
    def load(cls, name: str) -> Fleet:
        """Take up a rig that runs; RigError when there is none of that name or it is incomplete."""
        folders = {folder for found in clean.find(checked_name(name)) for folder in found.folders}
        folder = min(folders, default=home() / name)
        state = State.load(folder)
        if not state.complete:
            raise RigError(f"the rig {name} never came up completely: run '{COMMAND} down {name}'")
        owner = Owner.parse(state.owner) or Owner.current()
        return cls(Identity(name, folder, owner), state)

    def start(self) -> None:
        """Start every member that is not running, as after a reboot of this machine."""
        stopped = [one for one in self._members.everyone if one.status() != "running"]
        with ThreadPoolExecutor(len(stopped) or 1) as pool:
            list(pool.map(lambda one: one.start(), stopped))

    def down(self, progress: Progress = lambda line: None) -> None:
        """Remove it all: containers, volumes, state, network."""
        for found in clean.find(self.name):
            clean.remove(found, progress)

    def __enter__(self) -> Fleet:
        self._stack.callback(self.down)
        self._stack.enter_context(signals.raising())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def name(self) -> str:
        """Its name, which begins the names of its containers."""
        return self.identity.name

    @property
    def folder(self) -> Path:
        """Where its keys, certificates and state are (0700)."""
        return self.identity.folder

    @property
    def key_path(self) -> Path:
        """The private client key that every server accepts for root."""
        return self.folder / CLIENT_KEY

    @property
    def known_hosts_path(self) -> Path:
        """The host keys of all servers."""
        return self.folder / KNOWN_HOSTS

    @property
    def servers(self) -> list[Server]:
        """The servers, web1 first."""
        return self._members.servers

    def server(self, name: str) -> Server:
        """The server of that name; RigError when there is none."""
        for one in self.servers:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.servers) or "none"
        raise RigError(f"the rig {self.name} has no server {name!r}; it has {known}")

    @property
    def registry(self) -> Registry:
        """The registry; RigError when the rig was made without."""
        return self._part(self._members.registry, "registry")

    @property
    def database(self) -> Database:
        """The database; RigError when the rig was made without."""
        return self._part(self._members.database, "database")

    @property
    def cache(self) -> Cache:
        """The cache; RigError when the rig was made without a database."""
        return self._part(self._members.cache, "cache")

    def write_inventory(
        self,
        folder: Path,
        app_vars: Mapping[str, Any],
        *,
        hosts: Iterable[str] | None = None,
        edges: Iterable[str] = (),
    ) -> Path:
        """Write an Ansible environment with all servers, or those named, and return its folder.

        `app_vars` becomes group_vars/all/app.yml. The `edges` among the servers front the others
        and run no application. RigError when a host is not in the rig.
        """
        chosen = self.servers if hosts is None else [self.server(name) for name in hosts]
        fronts = [self.server(name) for name in edges]
        return inventory.write(folder, chosen, fronts, self._members.registry, app_vars)

    def _part(self, part: Part | None, what: str) -> Part:
        if part is None:
            raise RigError(f"the rig {self.name} was made without a {what}")
        return part
