"""A project as the gates see it: its files, its settings, its own Python."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from ..exits import CommandError, Exit, bad_input
from ..git import GitError, git, head
from .settings import FILE, Settings, read_settings

# Generated or fetched; names with a dot in front are left out as well.
_ENVIRONMENT = "/pyvenv.cfg"
_NOT_OURS = frozenset(("__pycache__", "build", "dist", "node_modules"))


@dataclass(frozen=True)
class Project:
    """A checkout, or any folder.

    Attributes:
        root: its top folder.
        settings: what its ``pyproject.toml`` says.
    """

    root: Path
    settings: Settings

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The paths of its files, relative and sorted: what git has or would add.

        Outside a repository, and where git refuses to answer, every file but generated ones.
        """
        try:
            listed = git(self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        except GitError:
            listed = b""
        names = {os.fsdecode(name) for name in listed.split(b"\0") if name}
        names = names or {str(PurePosixPath(path)) for path in self._walked()}
        # A virtual environment that nobody told git to ignore is still nobody's source.
        foreign = [PurePosixPath(name).parent for name in names if name.endswith(_ENVIRONMENT)]
        own = (name for name in names if not any(map(PurePosixPath(name).is_relative_to, foreign)))
        return tuple(sorted(name for name in own if (self.root / name).is_file()))

    @cached_property
    def commit(self) -> str:
        """The commit that is checked out, or an empty string."""
        return head(self.root)

    def within(self, paths: Iterable[str], *endings: str) -> tuple[str, ...]:
        """Return the files that lie in one of the paths and end so.

        Raises:
            MissingPath: one of the paths does not exist.
        """
        wanted = [self._inside(path) for path in paths]
        return tuple(
            name
            for name in self.files
            if name.endswith(endings) and any(PurePosixPath(name).is_relative_to(w) for w in wanted)
        )

    def python(self, given: Path | None = None) -> Path:
        """Return the interpreter of the project's own environment.

        Args:
            given: the one that was asked for, or None.

        Raises:
            CommandError: the one that was named does not exist.
        """
        own = self.root / ".venv" / "bin" / "python"
        named = given or (self.root / self.settings.python if self.settings.python else None)
        if named is None:
            return own if own.is_file() else Path(sys.executable)
        if not os.access(named, os.X_OK) or named.is_dir():
            source = "--python" if given else f"{self.root / FILE}, tool.iactl.python"
            raise CommandError(
                Exit.BAD_INPUT,
                f"{source}: there is no Python at {named}.",
                "Make the project's virtual environment, or name another interpreter by --python.",
            )
        # Not resolved: a virtual environment's interpreter is a link, and its path tells the rest.
        return named.absolute()

    def _inside(self, path: str) -> PurePosixPath:
        if not (self.root / path).exists():
            raise MissingPath(f"{path} does not exist in {self.root}")
        return PurePosixPath(path)

    def _walked(self) -> Iterator[Path]:
        for folder, below, names in os.walk(self.root):
            here = Path(folder)
            below[:] = [
                name
                for name in below
                if not name.startswith(".")
                and name not in _NOT_OURS
                and not (here / f"{name}{_ENVIRONMENT}").exists()
            ]
            yield from ((here / name).relative_to(self.root) for name in names)


class MissingPath(Exception):
    """A path that was to be looked at does not exist; the text says which."""


def find_project(given: Path | None) -> Project:
    """Return the project in the folder given, by default the current one.

    Raises:
        CommandError: it is no folder, or its settings cannot be understood.
    """
    root = (given or Path.cwd()).resolve()
    if not root.is_dir():
        raise bad_input("--project", str(given), "the top folder of a project")
    return Project(root, read_settings(root))
