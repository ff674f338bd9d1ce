"""Writing a package so that the same content gives the same bytes, and reading one with care."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from .sums import FILE, Difference, compare, read_sums, write_sums

_MOST_BYTES = 256 << 20


class PackageError(Exception):
    """A file that is no package; the text says why."""


def write_package(path: Path, top: str, files: Mapping[str, bytes], mtime: int) -> None:
    """Write a package with its checksums.

    Args:
        top: the one folder that everything is in.
        files: content by path.
        mtime: time that every file gets, seconds since 1970.
    """
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    content = {**files, FILE: write_sums(sums).encode()}
    # gzip would write the file's name and the time of day into its head.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name in sorted(content):
                member = tarfile.TarInfo(f"{top}/{name}")
                member.size, member.mtime, member.mode = len(content[name]), mtime, 0o644
                archive.addfile(member, io.BytesIO(content[name]))


def differences(path: Path) -> Difference:
    """Return how a package, or the folder it was unpacked into, differs from what was packed.

    Raises:
        PackageError: it is no package, or it holds what would land outside of its folder.
    """
    try:
        there = _folder(path) if path.is_dir() else _archive(path)
        listed = there.pop(FILE, None)
        if listed is None:
            raise PackageError(f"{path.name} holds no {FILE}")
        packed = read_sums(listed.decode("utf-8", errors="replace"))
    except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError) as error:
        raise PackageError(f"{path.name} cannot be read as a package: {error}") from error
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in there.items()}
    return compare(packed, sums)


def _archive(path: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    left = _MOST_BYTES
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            name = _inside(member)
            left -= member.size
            if left < 0:
                raise PackageError(f"{path.name} holds more than {_MOST_BYTES >> 20} MiB")
            content = archive.extractfile(member)
            if content is None or name in files:
                raise PackageError(f"{member.name} is in the package twice, or is no file")
            files[name] = content.read()
    return files


def _inside(member: tarfile.TarInfo) -> str:
    """Return a member's path below the package's one folder."""
    parts = PurePosixPath(member.name).parts
    if not member.isreg() or len(parts) < 2 or ".." in parts or parts[0] == "/":
        raise PackageError(f"{member.name!a} is no plain file below one folder")
    return str(PurePosixPath(*parts[1:]))


def _folder(path: Path) -> dict[str, bytes]:
    found = {}
    for one in sorted(path.rglob("*")):
        name = one.relative_to(path)
        # What somebody works in there with is no part of the package.
        if name.parts[0] == ".venv":
            continue
        if one.is_symlink():
            raise PackageError(f"{name} is a link, and a package holds none")
        if one.is_file():
            found[str(name)] = one.read_bytes()
    return found
