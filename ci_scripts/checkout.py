"""A checkout as the pipeline's commands see it: its commit, its branch, what git tracks."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .exits import CommandError, Exit, bad_input
from .git import GitError, git

_DIRTY = "-dirty"
_SHORT = 12  # hex digits


@dataclass(frozen=True)
class Checkout:
    """The top folder of an application's checkout, or of this product's.

    Attributes:
        root: its top folder.
    """

    root: Path

    @property
    def commit(self) -> str:
        """The commit that is checked out, with ``-dirty`` where a tracked file differs from it.

        Raises:
            CommandError: it is no git checkout.
        """
        try:
            head = self.git("rev-parse", "HEAD").strip()
            return head + (_DIRTY if self.changed() else "")
        except GitError as error:
            raise CommandError(
                Exit.BAD_INPUT,
                f"{self.root} is no git checkout with a commit: {error}.",
                "Name a checkout's folder with --project.",
            ) from error

    @property
    def committed_at(self) -> datetime:
        """When the commit was made.

        Raises:
            GitError: it is no git checkout.
        """
        seconds = int(self.git("log", "-1", "--format=%ct").strip())
        return datetime.fromtimestamp(seconds, timezone.utc)

    def branch(self, environ: Mapping[str, str] = os.environ) -> str:
        """Return the branch: GitHub's name for it, else git's; empty where there is none."""
        on_github = environ.get("GITHUB_HEAD_REF") or environ.get("GITHUB_REF_NAME")
        if on_github:
            return on_github
        try:
            return self.git("symbolic-ref", "--quiet", "--short", "HEAD").strip()
        except GitError:
            return ""

    def changed(self, *paths: str) -> list[str]:
        """Return the tracked files that differ from the commit, below some paths or anywhere.

        Raises:
            GitError: it is no git checkout.
        """
        listed = self.git("status", "--porcelain=v1", "-z", "--untracked-files=no", "--", *paths)
        return sorted(entry[3:] for entry in listed.split("\0") if len(entry) > 3)

    def tracked(self, folder: str) -> list[str]:
        """Return the files below a folder that git tracks, relative to the top folder.

        Raises:
            GitError: it is no git checkout.
        """
        listed = self.git("ls-files", "-z", "--cached", "--", folder)
        return sorted(name for name in listed.split("\0") if name)

    def project(self) -> dict[str, Any]:
        """Return what ``pyproject.toml`` says; empty where there is none.

        Raises:
            CommandError: it is no TOML.
        """
        path = self.root / "pyproject.toml"
        if not path.is_file():
            return {}
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(
                Exit.BAD_INPUT, f"{path} cannot be read: {error}.", "Correct the file."
            ) from error

    def git(self, *arguments: str) -> str:
        """Return what git prints.

        Raises:
            GitError: it cannot be run or ends with an error.
        """
        return git(self.root, *arguments).decode(errors="surrogateescape")


def with_commit(version: str, commit: str) -> str:
    """Return a version that names its commit, such as ``1.4.0+54aa2150c1d2``. Pure."""
    short, _, dirty = commit.partition("-")
    local = ".".join(part for part in (short[:_SHORT], dirty) if part)
    return f"{version}{'.' if '+' in version else '+'}{local}"


def find_checkout(given: Path | None) -> Checkout:
    """Return the checkout in the folder given, by default the current one.

    Raises:
        CommandError: there is no such folder.
    """
    root = (given or Path.cwd()).resolve()
    if not root.is_dir():
        raise bad_input("--project", str(given), "the top folder of a checkout")
    return Checkout(root)
