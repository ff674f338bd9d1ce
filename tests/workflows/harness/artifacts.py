"""Artifacts: what jobs hand to each other, as strict as GitHub's own actions.

What upload-artifact does with folders: the least common folder of all that was named is left out.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from .errors import HarnessError

_FIRST = datetime(2026, 3, 1)  # when the first artifact was made
_FORBIDDEN = re.compile(r'[":<>|*?\r\n\\/]')


@dataclass
class Artifacts:
    """All artifacts of a repository, by the number of the run that made them."""

    folder: Path
    order: list[tuple[int, str]] = field(default_factory=list)
    expired: set[tuple[int, str]] = field(default_factory=set)

    def upload(self, run: int, name: str, workspace: Path, patterns: str) -> None:
        """Keep what the patterns name, one a line, `!` leaves out; HarnessError for nothing."""
        if not name or _FORBIDDEN.search(name):
            raise HarnessError(f"an artifact cannot be called {name!r}")
        if (run, name) in self.order:
            raise HarnessError(f"the run has an artifact {name} already")
        lines = [line.strip() for line in patterns.splitlines() if line.strip()]
        wanted = [line for line in lines if not line.startswith("!")]
        refused = {one for line in lines if line[:1] == "!" for one in _files(workspace, line[1:])}
        files = [one for line in wanted for one in _files(workspace, line) if one not in refused]
        if not files:
            raise HarnessError(f"no file for the artifact {name}: {', '.join(lines)}")
        root = _root(workspace, wanted)
        for path in files:
            target = self._of(run, name) / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        self.order.append((run, name))

    def download(self, run: int, name: str, target: Path) -> None:
        """Put one artifact's files into a folder; HarnessError when it is missing."""
        if (run, name) not in self.order:
            there = ", ".join(one for number, one in self.order if number == run) or "nothing"
            raise HarnessError(f"run {run} has no artifact {name}; it has {there}")
        if (run, name) in self.expired:
            raise HarnessError(f"the artifact {name} of run {run} has expired")
        shutil.copytree(self._of(run, name), target, dirs_exist_ok=True)

    def download_all(self, run: int, pattern: str, target: Path) -> None:
        """Put every artifact that matches into a folder of its name."""
        for name in self.names(run):
            if any(fnmatch.fnmatchcase(name, one) for one in _alternatives(pattern)):
                self.download(run, name, target / name)

    def expire(self, run: int, name: str) -> None:
        """Let an artifact's days be over: it is still listed, and its files are gone."""
        shutil.rmtree(self._of(run, name))
        self.expired.add((run, name))

    def names(self, run: int) -> list[str]:
        """The artifacts of a run, oldest first."""
        return [name for number, name in self.order if number == run]

    def newest(self, name: str) -> list[int]:
        """The runs that have an artifact of that name, newest first."""
        return [run for run, one in reversed(self.order) if one == name]

    def listed(self) -> list[dict[str, Any]]:
        """All of them as the API shows them, newest first, but for what it says of their runs."""
        return [
            {
                "id": 9000 + number,
                "name": name,
                "expired": (run, name) in self.expired,
                "created_at": f"{_FIRST + timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}",
                "workflow_run": {"id": run},
            }
            for number, (run, name) in reversed(list(enumerate(self.order)))
        ]

    def files(self, run: int, name: str) -> set[str]:
        """What is in an artifact, as paths."""
        folder = self._of(run, name)
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}

    def path(self, run: int, name: str, file: str) -> Path:
        """A file in an artifact."""
        return self._of(run, name) / file

    def _of(self, run: int, name: str) -> Path:
        return self.folder / str(run) / name


def _files(workspace: Path, pattern: str) -> list[Path]:
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise HarnessError(f"{pattern} is outside of the workspace")
    found = [workspace / pattern] if "*" not in pattern else sorted(workspace.glob(pattern))
    files = [path for path in found if path.is_file()]
    for folder in (path for path in found if path.is_dir()):
        # GitHub leaves hidden files out unless asked.
        inside = (path for path in sorted(folder.rglob("*")) if path.is_file())
        files += [it for it in inside if not _hidden(it.relative_to(workspace))]
    return files


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _root(workspace: Path, patterns: list[str]) -> Path:
    bases = []
    for pattern in patterns:
        plain = pattern.split("*", 1)[0]
        base = workspace / plain
        bases.append(base if base.is_dir() else base.parent)
    return Path(os.path.commonpath(bases))


def _alternatives(pattern: str) -> list[str]:
    """`{a,b}*` as `a*` and `b*`."""
    match = re.fullmatch(r"([^{]*)\{([^}]*)\}(.*)", pattern)
    if match is None:
        return [pattern]
    return [f"{match[1]}{one}{match[3]}" for one in match[2].split(",")]
