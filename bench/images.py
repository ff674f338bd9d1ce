"""Versions of the bench's application in a rig's registry, each with layers of its own."""

from __future__ import annotations

import io
import json
import os
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.fleet import Fleet, engine, images

_SERVER = Path(__file__).parent / "application" / "server.py"
_REPOSITORY = "iadeploy-bench/app"
WARM_BYTES = 256 << 10  # a release that changes code only
COLD_BYTES = 32 << 20  # one that brings new dependencies too


@dataclass(frozen=True)
class Image:
    """One version: its reference by tag, by digest, and what its health endpoint reports."""

    tagged: str
    pinned: str
    version: str


@dataclass
class Images:
    """Makes images that no server has seen, so that every measured deploy really pulls."""

    fleet: Fleet
    _made: list[str] = field(default_factory=list)
    _count: int = 0

    def make(self, contender: str, payload_bytes: int) -> Image:
        """Make and push an image whose own layer holds random bytes; they do not compress."""
        self._count += 1
        version = f"1.0.{self._count}"
        local = self._commit(f"{self.fleet.name}-{contender}-{version}", version, payload_bytes)
        digest = self.fleet.registry.push(local, contender, version)
        reference = self.fleet.registry.reference
        return Image(reference(contender, version), reference(contender, digest), version)

    def remove(self) -> None:
        """Remove from this machine's engine what was made."""
        while self._made:
            engine.client().images.remove(self._made.pop(), force=True)

    def _commit(self, tag: str, version: str, payload_bytes: int) -> str:
        """Commit an image from a container; a build would leave its cache behind."""
        client = engine.client()
        container = client.containers.create(images.python(), command=["true"])
        try:
            container.put_archive("/", _layer(payload_bytes))
            container.commit(
                _REPOSITORY,
                tag,
                changes=[
                    f"ENV APP_VERSION={version}",
                    f"LABEL org.opencontainers.image.version={version}",
                    "USER 10002:10002",
                    "EXPOSE 8000",
                    f"CMD {json.dumps(['python3', '-u', '/app/server.py'])}",
                ],
            )
        finally:
            container.remove(force=True)
        local = f"{_REPOSITORY}:{tag}"
        self._made.append(local)
        return local


def _layer(payload_bytes: int) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in (
            ("app/server.py", _SERVER.read_bytes()),
            ("app/payload", os.urandom(payload_bytes)),
        ):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()
