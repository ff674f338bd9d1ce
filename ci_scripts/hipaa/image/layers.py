"""An image's files, layer by layer and as a container sees them.

Source of the whiteouts: OCI image specification 1.1, layer.md.
"""

from __future__ import annotations

import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"

OpenLayer = Callable[[], AbstractContextManager[tarfile.TarFile]]


@dataclass(frozen=True)
class Entry:
    """One file, folder or link.

    Attributes:
        path: without a leading slash.
        layer: number of its layer, from 1.
        mode: permission bits, setuid and setgid included.
        kind: ``file``, ``folder``, ``link`` or ``other``.
        size: bytes of a file.
    """

    path: str
    layer: int
    mode: int
    kind: str
    size: int

    @property
    def runs_as_its_owner(self) -> bool:
        """Whether it runs with the rights of its owner or group, whoever starts it."""
        return self.kind == "file" and bool(self.mode & (stat.S_ISUID | stat.S_ISGID))

    @property
    def anybody_may_write(self) -> bool:
        """Whether everybody may change it; a folder with the sticky bit protects what is in it."""
        if self.kind not in ("file", "folder") or not self.mode & stat.S_IWOTH:
            return False
        return self.kind == "file" or not self.mode & stat.S_ISVTX


def entries(layers: list[OpenLayer]) -> Iterator[tuple[Entry, Callable[[], bytes]]]:
    """Yield every entry of every layer, removed ones included, and what reads a file's bytes."""
    for number, open_layer in enumerate(layers, start=1):
        with open_layer() as layer:
            for member in layer:
                entry = _entry(member, number)
                if entry.path:
                    yield entry, partial(_bytes, layer, member)


def final(layers: list[OpenLayer]) -> dict[str, Entry]:
    """Return what a container sees, by path."""
    seen: dict[str, Entry] = {}
    for entry, _ in entries(layers):
        folder, _, name = entry.path.rpartition("/")
        prefix = f"{folder}/" if folder else ""
        if name == _OPAQUE:
            _forget(seen, folder, before=entry.layer, itself=False)
        elif name.startswith(_WHITEOUT):
            removed = f"{prefix}{name.removeprefix(_WHITEOUT)}"
            _forget(seen, removed, before=entry.layer, itself=True)
        else:
            seen[entry.path] = entry
    return seen


def read(layers: list[OpenLayer], path: str) -> bytes | None:
    """Return a file's bytes as a container sees them, or None where there is none."""
    there = final(layers).get(path)
    if there is None:
        return None
    return next(
        content()
        for entry, content in entries(layers)
        if (entry.path, entry.layer) == (path, there.layer)
    )


def _forget(seen: dict[str, Entry], path: str, *, before: int, itself: bool) -> None:
    below = f"{path}/" if path else ""
    for known in [one for one in seen if one.startswith(below) or itself and one == path]:
        if seen[known].layer < before:
            del seen[known]


def _entry(member: tarfile.TarInfo, layer: int) -> Entry:
    path = "/".join(part for part in member.name.split("/") if part not in ("", "."))
    if member.isreg() or member.islnk():
        kind = "file"
    elif member.isdir():
        kind = "folder"
    else:
        kind = "link" if member.issym() else "other"
    return Entry(path, layer, member.mode, kind, member.size)


def _bytes(layer: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = layer.extractfile(member) if member.isreg() else None
    return file.read() if file is not None else b""
