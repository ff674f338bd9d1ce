"""A project as the checks see it: its files, its environments, its settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..exits import bad_input
from ..git import git
from .settings import Settings, read_settings

_MOST_BYTES = 1 << 20
# Generated, with checksums that look like secrets; what they install is the gates' work.
_LOCKS = (".lock", "-lock.json", "uv.lock", "package-lock.json")


@dataclass(frozen=True)
class Project:
    """A checkout that is looked at.

    Attributes:
        root: its top folder.
        settings: what its ``hipaa.toml`` says.
    """

    root: Path
    settings: Settings

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The paths of the files that git tracks, relative, lock files left out.

        What lies about untracked, such as an earlier run's reports, is no part of the project.

        Raises:
            GitError: the project is no git repository.
        """
        listed = self.git("ls-files", "-z", "--cached").split(b"\0")
        # As Python opens them, also those whose names are not UTF-8.
        paths = sorted({os.fsdecode(name) for name in listed if name})
        return tuple(name for name in paths if not name.endswith(_LOCKS) and self._is_file(name))

    @cached_property
    def environments(self) -> tuple[str, ...]:
        """The names of the environments that are looked at."""
        folder = self.root / "inventories"
        there = sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []
        left_out = self.settings.environments_left_out
        return tuple(
            name for name in there if name not in left_out and any((folder / name).glob("hosts*"))
        )

    def inventory(self, environment: str) -> Path:
        """Return an environment's inventory folder."""
        return self.root / "inventories" / environment

    def text(self, path: str) -> str | None:
        """Return a file's text, or None when it is binary or larger than 1 MiB."""
        whole = self.root / path
        if whole.stat().st_size > _MOST_BYTES:
            return None
        raw = whole.read_bytes()
        return None if b"\0" in raw else raw.decode("utf-8", errors="replace")

    def texts(self, *endings: str) -> Iterator[tuple[str, str]]:
        """Yield the path and the text of each file whose name ends so, or of every file."""
        for path in self.files:
            if not endings or path.endswith(endings):
                text = self.text(path)
                if text is not None:
                    yield path, text

    def git(self, *arguments: str) -> bytes:
        """Return what git prints.

        Raises:
            GitError: it cannot be run or ends with an error.
        """
        return git(self.root, *arguments)

    def _is_file(self, path: str) -> bool:
        whole = self.root / path
        return whole.is_file() and not whole.is_symlink()


def find_project(given: Path | None) -> Project:
    """Return the project in the folder given, by default the current one.

    Raises:
        CommandError: it is no folder, or its ``hipaa.toml`` cannot be understood.
    """
    root = (given or Path.cwd()).resolve()
    if not root.is_dir():
        raise bad_input("--project", str(given), "the top folder of a checkout")
    return Project(root, read_settings(root))
