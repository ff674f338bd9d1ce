"""Lock files: which packages a project installs, in which versions. Pure but for the reading."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from .project import MissingPath, Project

_TOML_LOCKS = ("uv.lock", "poetry.lock", "pylock.toml")
_PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*==\s*(?P<version>[^\s;,*]+)"
)
# Options that change where packages come from, not which ones there are.
_HARMLESS = re.compile(
    r"--(?:index-url|extra-index-url|find-links|no-index|no-binary|only-binary|prefer-binary"
    r"|require-hashes|use-feature|trusted-host|pre)\b|-[if] |(?:-c|--constraint)[ =]"
)


@dataclass(frozen=True)
class Pin:
    """One package in one version.

    Attributes:
        name: its name as PEP 503 writes it.
        version: its version as PEP 440 writes it.
        path: the lock file.
        line: line in it, 0 where unknown.
    """

    name: str
    version: str
    path: str = field(compare=False, default="")
    line: int = field(compare=False, default=0)

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


class LockError(Exception):
    """A lock file that does not say every version; the text says where."""


def lock_files(project: Project) -> tuple[str, ...]:
    """Return the paths of a project's lock files.

    Those that it names; else every lock in its top folder; else its requirements.

    Raises:
        MissingPath: one that it names does not exist.
    """
    named = project.settings.scan.locks
    if named:
        for path in named:
            if not (project.root / path).is_file():
                raise MissingPath(f"{path} does not exist in {project.root}")
        return named
    top = [name for name in project.files if "/" not in name]
    locks = [name for name in top if _is_lock(name)]
    return tuple(locks or (name for name in top if re.fullmatch(r"requirements.*\.txt", name)))


def _is_lock(name: str) -> bool:
    return (
        name in _TOML_LOCKS
        or re.fullmatch(r"requirements.*\.lock|pylock\..+\.toml", name) is not None
    )


def read_pins(root: Path, paths: Iterable[str]) -> tuple[Pin, ...]:
    """Return every package of the files once, sorted.

    Raises:
        LockError: a file cannot be read, or leaves a version open.
    """
    found: dict[Pin, Pin] = {}
    for path in paths:
        try:
            text = (root / path).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise LockError(f"{path} cannot be read: {error}") from error
        for pin in parse_pins(text, path):
            found.setdefault(pin, pin)
    return tuple(sorted(found, key=lambda pin: (pin.name, pin.version)))


def parse_pins(text: str, path: str) -> Iterator[Pin]:
    """Yield the packages of a lock file. Pure.

    Markers are not evaluated: a package for another platform or Python is looked at as well.

    Raises:
        LockError: it cannot be understood, or leaves a version open.
    """
    if path.endswith(".toml") or Path(path).name in _TOML_LOCKS:
        yield from _toml_pins(text, path)
        return
    for number, line in _logical_lines(text):
        if _HARMLESS.match(line):
            continue
        pinned = _PINNED.match(line)
        if pinned is None or pinned["version"].startswith("="):
            shown = line.partition(" --hash")[0][:80]
            raise LockError(f"{path}, line {number}: '{shown}' pins no version with ==")
        yield _pin(pinned["name"], pinned["version"], path, number)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each requirement with its first line's number: comments away, continuations joined."""
    start, parts = 0, list[str]()
    for number, raw in enumerate([*text.splitlines(), ""], start=1):
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        if not parts:
            start = number
        parts.append(line.removesuffix("\\").strip())
        if not line.endswith("\\"):
            whole = " ".join(part for part in parts if part)
            parts = []
            if whole:
                yield start, whole


def _toml_pins(text: str, path: str) -> Iterator[Pin]:
    """Yield the packages of uv.lock, poetry.lock or pylock.toml (PEP 751)."""
    try:
        document = tomllib.loads(text)
        packages = document.get("packages", document.get("package", []))
        for one in packages:
            # uv lists the project itself, with a source that is a folder.
            if {"editable", "virtual", "directory"} & set(one.get("source", one)):
                continue
            yield _pin(one["name"], one["version"], path, _line_of(text, one["name"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LockError(f"{path} cannot be understood: {error!r}") from error


def _line_of(text: str, name: str) -> int:
    before, found, _ = text.partition(f'\nname = "{name}"')
    return before.count("\n") + 2 if found else 0


def _pin(name: str, version: str, path: str, line: int) -> Pin:
    try:
        return Pin(canonicalize_name(name), str(Version(version)), path, line)
    except InvalidVersion as error:
        raise LockError(f"{path}, line {line}: {name} has no valid version: {version}") from error


def rounds(pins: Iterable[Pin]) -> list[list[Pin]]:
    """Return the packages in groups that name each package once, as the scanners want it. Pure."""
    groups: list[dict[str, Pin]] = []
    for pin in pins:
        group = next((one for one in groups if pin.name not in one), None)
        if group is None:
            group = {}
            groups.append(group)
        group[pin.name] = pin
    return [list(group.values()) for group in groups]
