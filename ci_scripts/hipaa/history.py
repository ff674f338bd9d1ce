"""The versions of files that a range of commits brought, the removed ones included."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..exits import bad_input
from ..git import GitError
from .project import Project

_RANGE = re.compile(
    r"[A-Za-z0-9_@][A-Za-z0-9_./@^~{}+-]*\.\.\.?[A-Za-z0-9_@][A-Za-z0-9_./@^~{}+-]*"
)
_MOST_BYTES = 1 << 20


def commit_range(text: str) -> str:
    """Return a valid range of commits, or an empty string.

    Raises:
        CommandError: it is none.
    """
    if text and _RANGE.fullmatch(text) is None:
        raise bad_input("--history", text, "two commits, such as origin/main..HEAD")
    return text


def unpack(project: Project, commits: str, folder: Path) -> dict[str, str]:
    """Write every version of a file that the commits brought and that is not the present one.

    Args:
        commits: a range that passed ``commit_range``.
        folder: where to; each version gets a folder of its own.

    Returns:
        The written file, relative to the folder, to the path that it had in the repository.

    Raises:
        GitError: git does not know the commits; a shallow clone lacks them.
    """
    staged = project.git("ls-files", "--stage", "-z").split(b"\0")
    present = {entry.split()[1].decode() for entry in staged if entry}
    written = {}
    for line in project.git("rev-list", "--objects", commits).split(b"\n"):
        blob, _, path = os.fsdecode(line).partition(" ")
        if not path or blob in present or not _is_small_file(project, blob):
            continue
        name = "/".join((blob[:16], *map(_inside, path.split("/"))))
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(project.git("cat-file", "blob", blob))
        written[name] = path
    return written


def _inside(part: str) -> str:
    """Return a part of a path that leads out of no folder; a commit may hold what no checkout
    would write."""
    return "_" if part in ("", ".", "..") else part


def _is_small_file(project: Project, thing: str) -> bool:
    kind = project.git("cat-file", "-t", thing).decode().strip()
    if kind != "blob":
        return False
    size = project.git("cat-file", "-s", thing).decode().strip()
    if not size.isdigit():
        raise GitError(f"git cat-file: {size} is no size")
    return int(size) <= _MOST_BYTES
