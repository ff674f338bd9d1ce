"""git, asked about a checkout; nothing here changes one."""

from __future__ import annotations

import subprocess  # nosec B404 - git, without a shell
from pathlib import Path

_SECONDS = 60


class GitError(Exception):
    """git does not answer as expected; the text says why."""


def git(root: Path, *arguments: str) -> bytes:
    """Return what git prints about the checkout in a folder.

    Raises:
        GitError: it cannot be run or ends with an error.
    """
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(  # nosec B603 B607 - a list, no shell
            command, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(f"git cannot be run: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise GitError(f"git {arguments[0]}: {said}")
    return done.stdout


def head(root: Path) -> str:
    """Return the commit that is checked out, or an empty string outside a repository."""
    try:
        return git(root, "rev-parse", "HEAD").decode().strip()
    except GitError:
        return ""
