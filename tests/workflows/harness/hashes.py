"""hashFiles(): one digest of all files that match."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from .errors import HarnessError


def of(workspace: Path) -> dict[str, Callable[..., str]]:
    """The function for one workspace; HarnessError when nothing matches, as a mistake."""

    def hash_files(*patterns: str) -> str:
        paths = sorted({path for one in patterns for path in workspace.glob(one) if path.is_file()})
        if not paths:
            raise HarnessError(f"hashFiles finds nothing: {', '.join(patterns)}")
        total = hashlib.sha256()
        for path in paths:
            total.update(hashlib.sha256(path.read_bytes()).digest())
        return total.hexdigest()

    return {"hashFiles": hash_files}
