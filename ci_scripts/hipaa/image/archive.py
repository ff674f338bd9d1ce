"""Reading an image from an archive: what ``docker save`` writes, or an OCI layout in a tar file.

Sources: Docker image specification 1.2; OCI image specification 1.1, image-layout.md.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .layers import OpenLayer

_MOST_JSON = 8 << 20
_ATTESTATION = "vnd.docker.reference.type"


class ImageError(Exception):
    """An image that cannot be read; the text says why."""


@dataclass(frozen=True)
class Image:
    """One image.

    Attributes:
        name: as it was asked for.
        id: SHA-256 over its configuration, which scanners call ImageID.
        config: its configuration, as the OCI specification has it.
        layers: open its layers, the lowest first.
        digests: digests that a registry knows it by, as far as they are known here.
    """

    name: str
    id: str
    config: dict[str, Any]
    layers: list[OpenLayer]
    digests: frozenset[str] = frozenset()

    @property
    def settings(self) -> dict[str, Any]:
        """What a container starts with: ``User``, ``Env``, ``Labels``."""
        return self.config.get("config") or {}


def read_archive(path: Path, name: str, digests: frozenset[str] = frozenset()) -> Image:
    """Return the image that an archive holds.

    Raises:
        ImageError: it holds none, several, or one that cannot be understood.
    """
    try:
        with tarfile.open(path, "r:*") as archive:
            names = {member.name.removeprefix("./"): member.name for member in archive}
            if "manifest.json" in names:
                config, layers = _docker(archive, names)
            elif "index.json" in names:
                config, layers, digest = _oci(archive, names)
                digests |= {digest}
            else:
                raise ImageError(f"{path.name} is no image archive: it has no manifest")
            raw = _read(archive, names, config)
            missing = [layer for layer in layers if layer not in names]
            if missing or not layers:
                raise ImageError(f"{path.name} lacks layers of the image")
            openers = [partial(_open_layer, path, names[layer]) for layer in layers]
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ImageError(f"{path.name} cannot be read as an image: {error!r}") from error
    return Image(
        name, f"sha256:{hashlib.sha256(raw).hexdigest()}", json.loads(raw), [*openers], digests
    )


def _docker(archive: tarfile.TarFile, names: dict[str, str]) -> tuple[str, list[str]]:
    manifest = json.loads(_read(archive, names, "manifest.json"))
    if len(manifest) != 1:
        raise ImageError(f"the archive holds {len(manifest)} images; save one")
    return manifest[0]["Config"], manifest[0]["Layers"]


def _oci(archive: tarfile.TarFile, names: dict[str, str]) -> tuple[str, list[str], str]:
    index, digest = json.loads(_read(archive, names, "index.json")), ""
    while "manifests" in index:
        images = [
            one for one in index["manifests"] if _ATTESTATION not in (one.get("annotations") or {})
        ]
        if len(images) != 1:
            raise ImageError(f"the archive holds {len(images)} images; save one platform")
        # What a registry calls the image by is the outermost manifest's digest.
        digest = digest or images[0]["digest"]
        index = json.loads(_read(archive, names, _blob(images[0])))
    return _blob(index["config"]), [_blob(layer) for layer in index["layers"]], digest


def _blob(descriptor: dict[str, Any]) -> str:
    algorithm, _, value = str(descriptor["digest"]).partition(":")
    return f"blobs/{algorithm}/{value}"


def _read(archive: tarfile.TarFile, names: dict[str, str], name: str) -> bytes:
    member = archive.getmember(names[name])
    file = archive.extractfile(member)
    if file is None or member.size > _MOST_JSON:
        raise ImageError(f"{name} in the archive is no file of a fitting size")
    return file.read()


@contextmanager
def _open_layer(path: Path, name: str) -> Iterator[tarfile.TarFile]:
    with tarfile.open(path, "r:*") as archive:
        try:
            with tarfile.open(fileobj=archive.extractfile(name), mode="r:*") as layer:
                yield layer
        except tarfile.TarError as error:
            raise ImageError(f"the layer {name} cannot be read: {error}") from error
