"""The emergency access that a server knows of, in ``<root>/access.json``."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from .access import Access
from .files import write_atomically


def access_file(root: Path) -> Path:
    """Return where a server keeps it; there is one for all applications."""
    return root / "access.json"


def read_access(root: Path) -> Access | None:
    """Return the access that was given and not taken back, or None."""
    try:
        return Access(**json.loads(access_file(root).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_access(root: Path, access: Access) -> None:
    """Keep it.

    Raises:
        DeployError: the file cannot be written.
    """
    text = json.dumps(access.to_json(), indent=2, sort_keys=True)
    write_atomically(access_file(root), f"{text}\n")


def describe_access(root: Path) -> dict[str, Any] | None:
    """Return what there is to tell of it, ``over`` when only its remains are there."""
    access = read_access(root)
    return {**access.told(), "over": access.over(time.time())} if access else None
