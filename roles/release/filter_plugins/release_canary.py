"""Which servers get a release before the others. Pure."""

from __future__ import annotations

import math
from typing import Any


def release_canary(hosts: list[str], wanted: str) -> list[str]:
    """Return the servers that go first; none when all would.

    Args:
        hosts: every server of the play.
        wanted: a number of servers such as ``1``, a share such as ``25%``, rounded up, or ``none``.
    """
    if wanted == "none":
        return []
    if wanted.endswith("%"):
        count = math.ceil(len(hosts) * int(wanted[:-1]) / 100)
    else:
        count = int(wanted)
    return sorted(hosts)[:count] if 0 < count < len(hosts) else []


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """Return the filters of this file by name."""
        return {"release_canary": release_canary}
