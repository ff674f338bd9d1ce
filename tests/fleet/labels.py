"""The labels by which everything of a rig is found again."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from .errors import RigError
from .home import ROOT, home
from .owner import Owner

RIG = "iadeploy.rig"
OWNER = "iadeploy.rig.owner"
HOME = "iadeploy.rig.home"
IMAGE = "iadeploy.rig.image"
NAMESPACE = "iadeploy-rig"

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


def random_name() -> str:
    """A fresh rig name such as `t-4f2a9c`."""
    return f"t-{secrets.token_hex(3)}"


def checkout_name(kind: str) -> str:
    """The name of this checkout's one rig of a kind, such as `demo-4f2a9c`.

    Two checkouts on one engine do not take each other's rig. Molecule's shared configuration
    hashes the same path in the same way.
    """
    return f"{kind}-{hashlib.sha1(str(ROOT).encode(), usedforsecurity=False).hexdigest()[:6]}"


def checked_name(name: str) -> str:
    """The name itself; raises RigError when it cannot name containers and hosts."""
    if not _NAME.fullmatch(name):
        raise RigError(
            f"rig name {name!r} is not usable: 1 to 32 of a-z, 0-9 and '-', no '-' at the ends"
        )
    return name


@dataclass(frozen=True)
class Identity:
    """Whose a rig is: its name, its state folder and the process that made it."""

    name: str
    folder: Path
    owner: Owner

    @classmethod
    def fresh(cls, name: str | None) -> Identity:
        """The identity of a rig that this process makes; RigError when the name is unusable."""
        checked = checked_name(name or random_name())
        return cls(checked, home() / checked, Owner.current())

    @property
    def labels(self) -> dict[str, str]:
        """What every container, network and volume of the rig carries."""
        return {RIG: self.name, OWNER: str(self.owner), HOME: str(self.folder)}

    def container(self, role: str) -> str:
        """The docker name of one member."""
        return f"{self.name}-{role}"
