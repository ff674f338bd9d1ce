"""What a rig remembers on disk, so that another process can take it up."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .errors import COMMAND, ForeignError, RigError
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
        """Read it back; RigError when there is none or it makes no sense.

        ForeignError, a RigError too, when only another user may read it.
        """
        try:
            content = json.loads((folder / FILE).read_text(encoding="utf-8"))
            servers = {name: ServerState(**it) for name, it in content.pop("servers").items()}
            return cls(**content, servers=servers)
        except FileNotFoundError as error:
            raise RigError(f"there is no rig in {folder}: see '{COMMAND} list'") from error
        except PermissionError as error:
            raise ForeignError(
                f"the rig in {folder} is another user's: ask them, or take it up as root"
            ) from error
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RigError(f"{folder / FILE} is not a rig's state: {error}") from error


@dataclass
class ServerState:
    """One server's address, its port on this machine and its public host key."""

    address: str
    http_port: int
    host_key: str
