"""The activity log: what was sent, one JSON object per line, never an address or a key."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import DeployError
from ..log_file import append_line
from ..masking import mask


def append(path: Path, record: dict[str, Any], secrets: Iterable[str], most: int) -> None:
    """Append a record; a log that would grow beyond ``most`` bytes becomes ``<name>.1`` first.

    So at most twice ``most`` bytes are kept. Several processes may write at once.

    Args:
        path: the log; its folder is made, for its owner alone, when it is not there.
        record: what to write.
        secrets: values that must not be in it, whatever the record says.
        most: bytes.

    Raises:
        DeployError: it cannot be written.
    """
    line = mask(json.dumps(record, ensure_ascii=False, sort_keys=True), secrets) + "\n"
    try:
        append_line(path, line.encode("utf-8"), most=most, keep=1, folder_mode=0o700)
    except OSError as error:
        raise DeployError(
            f"the activity log {path} cannot be written ({error.strerror or error})",
            "Correct notify_log, or free space there",
        ) from error
