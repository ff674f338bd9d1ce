"""The files by which a step tells GitHub something: outputs, variables, the path, the summary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .errors import HarnessError

_NAMES = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_STATE")


@dataclass(frozen=True)
class CommandFiles:
    """The files of one step, empty when it starts."""

    folder: Path

    @classmethod
    def fresh(cls, folder: Path) -> CommandFiles:
        """Make the files."""
        folder.mkdir(parents=True)
        for name in _NAMES:
            (folder / name).touch()
        return cls(folder)

    @property
    def env(self) -> dict[str, str]:
        """The variables that name them."""
        return {name: str(self.folder / name) for name in _NAMES}

    @property
    def outputs(self) -> dict[str, str]:
        """What the step gave out."""
        return pairs(self._text("GITHUB_OUTPUT"))

    @property
    def variables(self) -> dict[str, str]:
        """What the steps behind it find in their environment."""
        return pairs(self._text("GITHUB_ENV"))

    @property
    def paths(self) -> list[str]:
        """Folders for the PATH of the steps behind it, the last one first."""
        return self._text("GITHUB_PATH").splitlines()[::-1]

    @property
    def summary(self) -> str:
        """Its part of the run's page."""
        return self._text("GITHUB_STEP_SUMMARY")

    def _text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


def pairs(text: str) -> dict[str, str]:
    """Return names and values of such a file: `name=value`, or `name<<END` with lines up to END.

    Raises HarnessError for a line that is neither.
    """
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if not line:
            continue
        name, sign, value = line.partition("=")
        before, heredoc, end = line.partition("<<")
        if heredoc and (not sign or len(before) < len(name)):
            found[before] = "\n".join(iter(lambda: next(lines, end), end))
        elif sign and name:
            found[name] = value
        else:
            raise HarnessError(f"{line!r} is neither name=value nor name<<END")
    return found
