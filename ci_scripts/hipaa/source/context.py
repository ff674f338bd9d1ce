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
    def servers(self) -> dict[str, list[Server]]:
        """Every environment's application servers.

        Raises:
            InventoryError: an inventory cannot be read.
        """
        project = self.project
        return {name: servers(project.inventory(name), "app") for name in project.environments}

    def role(self, name: str) -> Path:
        """Return the folder of one of the product's roles."""
        return self.content / "roles" / name

    def each_server(self, look: Callable[[str, Server], Verdict]) -> Verdict:
        """Return one verdict on all servers of all environments.

        Args:
            look: takes the environment's and server's name, and the server.
        """
        parts = [
            (place, look(place, server))
            for environment, found in self.servers.items()
            for server in found
            for place in [f"{environment} ({server.name})"]
        ]
        if not parts:
            return Verdict(Status.ERROR, "There is no environment with a server in inventories/.")
        return together(parts)
