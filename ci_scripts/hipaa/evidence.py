"""What a check says of a result file that is not there."""

from __future__ import annotations

from pathlib import Path

from .verdict import Status, Verdict, not_tested


def missing(name: str, folder: Path, *, asked_for: bool) -> Verdict:
    """Return the verdict where a result file is missing; never a pass.

    Args:
        asked_for: whether the folder was named: a file that was to be there is an error.
    """
    if asked_for:
        return Verdict(Status.ERROR, f"{folder} holds no {name}.")
    return not_tested(f"There is no {name}; run the gates, then name their folder by --evidence.")
