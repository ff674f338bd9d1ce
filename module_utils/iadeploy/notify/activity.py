"""The activity log: what was sent, one JSON object per line, never an address or a key."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import DeployError
from ..masking import mask

_MODE = 0o640


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
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_room(path, len(line.encode("utf-8")), most)
        # No follow: a link put in its place must not make us write elsewhere.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        with open(os.open(path, flags, _MODE), "ab") as log:
            os.fchmod(log.fileno(), _MODE)
            log.write(line.encode("utf-8"))
    except OSError as error:
        raise DeployError(
            f"the activity log {path} cannot be written ({error.strerror or error})",
            "Correct notify_log, or free space there",
        ) from error


def _make_room(path: Path, size: int, most: int) -> None:
    if not path.exists() or path.stat().st_size + size <= most:
        return
    with open(path.with_name(f".{path.name}.lock"), "a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # somebody else is making room; a deploy does not wait for that
        if path.exists() and path.stat().st_size + size > most:
            os.replace(path, path.with_name(f"{path.name}.1"))
