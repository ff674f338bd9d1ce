"""The id of a release that was given none, the same for all servers of the run."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.plugins.lookup import LookupBase


def run_id(folder: Path) -> str:
    """Return the id that was made from the clock when it was first asked for.

    Each server's tasks run in processes of their own, which ask at the same time.

    Args:
        folder: one that this run alone has.
    """
    kept = folder / "release_id"
    if not kept.exists():
        made = folder / f"release_id.{secrets.token_hex(8)}"
        made.write_text(f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}")
        with suppress(FileExistsError):
            os.link(made, kept)
        made.unlink()
    return kept.read_text()


class LookupModule(LookupBase):
    """Ansible's entry point."""

    def run(self, terms: Any, variables: Any = None, **kwargs: Any) -> list[str]:
        """Return the id as the only value."""
        del terms, variables, kwargs
        return [run_id(Path(C.DEFAULT_LOCAL_TMP))]
