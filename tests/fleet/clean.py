"""Find rigs and remove them: by label only, the network last."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker.errors

from . import engine, state
from .errors import ForeignError, RigError
from .home import home
from .labels import HOME, OWNER, RIG
from .owner import Owner
from .waiting import wait_until

Progress = Callable[[str], None]
# Gone already; in use, or being removed by another process: the next look tells.
_TRY_AGAIN = (403, 404, 409)


@dataclass
class Found:
    """A rig, whole or in pieces, and what Docker and the disk hold of it."""

    name: str
    containers: list[Any] = field(default_factory=list)
    volumes: list[Any] = field(default_factory=list)
    networks: list[Any] = field(default_factory=list)
    folders: set[Path] = field(default_factory=set)
    owners: set[str] = field(default_factory=set)

    @property
    def alive(self) -> bool:
        """Whether a process that made it still runs, as far as can be seen from here."""
        known = [Owner.parse(text) for text in self.owners]
        return any(owner.alive() for owner in known if owner is not None)

    @property
    def kept(self) -> bool:
        """Whether it came up completely and was to stay."""
        for folder in self.folders:
            try:
                record = state.State.load(folder)
            except RigError:
                continue
            if record.complete and record.kept:
                return True
        return False

    @property
    def foreign(self) -> bool:
        """Whether only another user can tell if it was to stay."""
        for folder in self.folders:
            try:
                state.State.load(folder)
            except ForeignError:
                return True
            except RigError:
                continue
        return False

    @property
    def condition(self) -> str:
        """One word: `kept`, `used` (its process lives), `foreign` or `abandoned`."""
        if self.kept:
            return "kept"
        if self.alive:
            return "used"
        return "foreign" if self.foreign else "abandoned"


def find(name: str | None = None) -> list[Found]:
    """Every rig of this engine and of this home, or the one of that name, sorted by name."""
    rigs: dict[str, Found] = {}

    def note(labels: dict[str, str]) -> Found:
        found = rigs.setdefault(labels[RIG], Found(labels[RIG]))
        found.folders.update({Path(labels[HOME])} if HOME in labels else ())
        found.owners.update({labels[OWNER]} if OWNER in labels else ())
        return found

    client = engine.client()
    labelled: dict[str, str | list[str] | bool] = {"label": f"{RIG}={name}" if name else RIG}
    for container in client.containers.list(all=True, filters=labelled, ignore_removed=True):
        note(container.labels).containers.append(container)
    for volume in client.volumes.list(filters=labelled):
        note(volume.attrs["Labels"]).volumes.append(volume)
    for network in client.networks.list(filters=labelled):
        note(network.attrs["Labels"]).networks.append(network)
    for file in home().glob(f"{name or '*'}/{state.FILE}"):
        record = _owner_on_disk(file.parent)
        note({RIG: file.parent.name, HOME: str(file.parent), **record})
    return sorted(rigs.values(), key=lambda found: found.name)


def clean(progress: Progress, *, kept: bool = False) -> int:
    """Remove abandoned rigs, and with `kept` the kept ones; returns how many were removed."""
    removed = 0
    for found in find():
        if found.condition == "abandoned" or (kept and found.condition == "kept"):
            remove(found, progress)
            removed += 1
        else:
            progress(f"left {found.name}: {found.condition}")
    return removed


def remove(found: Found, progress: Progress = lambda line: None) -> None:
    """Remove a rig whatever its condition. May be repeated, and interrupted anywhere.

    Raises RigError when Docker keeps a part of it for more than 30 seconds.
    """
    # The engine may still be finishing a request of a process that was killed, so look again.
    wait_until(lambda: _attempt(found.name, progress), f"the removal of {found.name}")
    progress(
        f"removed {found.name}: {len(found.containers)} containers, "
        f"{len(found.volumes)} volumes, {len(found.networks)} networks"
    )


def _attempt(name: str, progress: Progress) -> bool:
    rigs = find(name)
    for found in rigs:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda one: _remove(one, force=True, v=True), found.containers))
            list(pool.map(lambda one: _remove(one, force=True), found.volumes))
        for folder in found.folders:
            _remove_folder(folder, name, progress)
        for network in found.networks:
            _remove(network)
    return not rigs or not any((it.containers or it.volumes or it.networks) for it in find(name))


def _remove(thing: Any, **options: bool) -> None:
    try:
        thing.remove(**options)
    except docker.errors.APIError as error:
        if error.status_code not in _TRY_AGAIN:
            raise RigError(f"cannot remove {thing.name}: {error.explanation}") from error


def _owner_on_disk(folder: Path) -> dict[str, str]:
    try:
        return {OWNER: state.State.load(folder).owner}
    except RigError:
        return {}


def _remove_folder(folder: Path, name: str, progress: Progress) -> None:
    """Remove a state folder named by a label, but only if it looks like one."""
    try:
        if not folder.is_dir() or folder.is_symlink():
            return
        content = {path.name for path in folder.iterdir()}
    except PermissionError:
        progress(f"left the folder {folder}: it is another user's")
        return
    begun = all(entry.startswith(f".{state.FILE}.") for entry in content)
    if folder.name == name and (begun or state.FILE in content):
        shutil.rmtree(folder, ignore_errors=True)
    else:
        progress(f"left the folder {folder}: it does not look like the state of a rig")
