"""What a rig remembers on disk, so that another process can take it up."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .errors import RigError
from .home import write_private

FILE = "rig.json"


@dataclass
class State:
    """The facts of a rig that Docker does not keep. No secret is in here."""

    name: str
    owner: str
    flavour: str
    subnet: str
    servers: dict[str, ServerState] = field(default_factory=dict)
    registry_port: int | None = None
    database: bool = False
    complete: bool = False
    kept: bool = False

    def save(self, folder: Path) -> None:
        """Write it into the rig's folder."""
        write_private(folder / FILE, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> State:
        """Read it back; RigError when there is none or it is not readable."""
        try:
            content = json.loads((folder / FILE).read_text(encoding="utf-8"))
            servers = {name: ServerState(**it) for name, it in content.pop("servers").items()}
            return cls(**content, servers=servers)
        except FileNotFoundError as error:
            raise RigError(
                f"there is no rig in {folder}: see 'python -m tests.fleet list'"
            ) from error
        except (ValueError, TypeError, KeyError) as error:
            raise RigError(f"{folder / FILE} is not a rig's state: {error}") from error


@dataclass
class ServerState:
    """One server's address, its port on this machine and its public host key."""

    address: str
    http_port: int
    host_key: str
