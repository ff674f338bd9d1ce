"""What the checks of a source get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ...content import content_root
from ...runner.values import Server, servers
from ..project import Project
from ..verdict import Status, Verdict, together


@dataclass(frozen=True)
class Source:
    """A project and where its evidence lies.

    Attributes:
        evidence: folder with the gates' results.
        evidence_named: whether that folder was asked for; a missing file is an error then.
        history: range of commits whose files are looked at too, such as ``main..HEAD``; or empty.
        content: folder with the product's playbooks and roles.
    """

    project: Project
    evidence: Path
    evidence_named: bool = False
    history: str = ""
    content: Path = field(default_factory=content_root)

    @cached_property
    def proxies(self) -> dict[str, list[Server]]:
        """Every environment's servers with a proxy: the application's, and the edges.

        Raises:
            InventoryError: an inventory cannot be read.
        """
        project = self.project
        return {
            name: servers(project.inventory(name), "app:proxy") for name in project.environments
        }

    @property
    def servers(self) -> dict[str, list[Server]]:
        """Every environment's application servers.

        Raises:
            InventoryError: an inventory cannot be read.
        """
        return {
            name: [one for one in found if "app" in one.variables["group_names"]]
            for name, found in self.proxies.items()
        }

    def role(self, name: str) -> Path:
        """Return the folder of one of the product's roles."""
        return self.content / "roles" / name

    def each_server(self, look: Callable[[str, Server], Verdict]) -> Verdict:
        """Return one verdict on all application servers of all environments.

        Args:
            look: takes the environment's and server's name, and the server.
        """
        return _each(self.servers, look)

    def each_proxy(self, look: Callable[[str, Server], Verdict]) -> Verdict:
        """Return one verdict on all servers with a proxy; as ``each_server``."""
        return _each(self.proxies, look)


def _each(found: dict[str, list[Server]], look: Callable[[str, Server], Verdict]) -> Verdict:
    parts = [
        (place, look(place, server))
        for environment, servers_there in found.items()
        for server in servers_there
        for place in [f"{environment} ({server.name})"]
    ]
    if not parts:
        return Verdict(Status.ERROR, "There is no environment with a server in inventories/.")
    return together(parts)
