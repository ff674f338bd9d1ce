"""Kind ``disk``: is there room, for bytes and for files."""

from __future__ import annotations

import os
from typing import Any

from ..spec import Check
from ..verdict import Attempt, Verdict

_MIB = 1 << 20


def probe(check: Check, attempt: Attempt) -> Verdict:
    """Ask the file system that a folder is on."""
    del attempt
    folder = check.target["folder"]
    try:
        return judge(os.statvfs(folder), folder, check.expect)
    except OSError as error:
        told = error.strerror or "it does not answer"
        return Verdict(False, "unknown", f"{folder} cannot be asked ({told})", final=True)


def judge(room: os.statvfs_result, folder: str, expect: dict[str, Any]) -> Verdict:
    """Compare what is free for ordinary users with what should be. Pure."""
    free = room.f_bavail * room.f_frsize
    percent = 100 * room.f_bavail / room.f_blocks if room.f_blocks else 100.0
    status = f"{free // _MIB} MiB free ({percent:.0f} %)"
    hint = f"find what grew: du -xh --max-depth=2 {folder}; unused images: docker image prune"
    if free < expect["min_free_mib"] * _MIB:
        cause = f"{free // _MIB} MiB free at {folder}, expected are {expect['min_free_mib']}"
        return Verdict(False, status, cause, hint)
    if percent < expect["min_free_percent"]:
        cause = f"{percent:.1f} % free at {folder}, expected are {expect['min_free_percent']:g} %"
        return Verdict(False, status, cause, hint)
    wanted = expect["min_free_inodes_percent"]
    if wanted and not room.f_files:
        return Verdict(True, status, note="this file system does not count inodes")
    inodes = 100 * room.f_favail / room.f_files if room.f_files else 100.0
    if inodes < wanted:
        cause = f"{inodes:.1f} % of the inodes free at {folder}, expected are {wanted:g} %"
        return Verdict(False, status, cause, "many small files: look for a cache or a mail spool")
    return Verdict(True, status)
