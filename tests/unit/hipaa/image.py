"""A small image without a defect, built by hand, and the files that other tools leave about it."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ci_scripts.hipaa.image.archive import Image, read_archive
from ci_scripts.hipaa.image.checks import CHECKS
from ci_scripts.hipaa.image.context import Scene
from ci_scripts.hipaa.verdict import Verdict

PUSHED = "sha256:" + "a1" * 32


@dataclass(frozen=True)
class File:
    """One entry of a layer."""

    content: bytes = b""
    mode: int = 0o644
    kind: bytes = tarfile.REGTYPE


FOLDER = File(mode=0o755, kind=tarfile.DIRTYPE)


@dataclass
class Built:
    """An image and its evidence."""

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    layers: list[dict[str, File]] = field(default_factory=list)
    pushed: str = PUSHED
    digests: frozenset[str] = frozenset((PUSHED,))
    scan: dict[str, Any] = field(default_factory=dict)
    gate: dict[str, Any] = field(default_factory=dict)
    bill: dict[str, Any] | None = field(default_factory=dict)

    @property
    def config(self) -> bytes:
        """The image's configuration."""
        return json.dumps({"config": self.settings, "history": self.history}).encode()

    @property
    def id(self) -> str:
        """The image's id."""
        return f"sha256:{hashlib.sha256(self.config).hexdigest()}"

    def docker_archive(self) -> Path:
        """Write what ``docker save`` writes."""
        names = [f"{number}/layer.tar" for number in range(len(self.layers))]
        files = dict(zip(names, map(layer_tar, self.layers), strict=True))
        manifest = [{"Config": "config.json", "Layers": names}]
        files |= {"config.json": self.config, "manifest.json": json.dumps(manifest).encode()}
        return write_tar(self.folder / "docker.tar", files)

    def oci_archive(self) -> Path:
        """Write an OCI layout with compressed layers, behind a nested index with an attestation."""
        blobs: dict[str, bytes] = {}

        def blob(content: bytes) -> dict[str, Any]:
            digest = hashlib.sha256(content).hexdigest()
            blobs[f"blobs/sha256/{digest}"] = content
            return {"digest": f"sha256:{digest}", "size": len(content)}

        layers = [blob(layer_tar(layer, "w:gz")) for layer in self.layers]
        manifest = blob(json.dumps({"config": blob(self.config), "layers": layers}).encode())
        note = {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
        index = blob(json.dumps({"manifests": [manifest, {**manifest, **note}]}).encode())
        blobs["index.json"] = json.dumps({"manifests": [index]}).encode()
        return write_tar(self.folder / "oci.tar", blobs)

    def read(self) -> Image:
        """Read the image back from an archive."""
        return read_archive(self.docker_archive(), "shop:1", self.digests)

    def look(self, check: str) -> Verdict:
        """Carry out one check."""
        evidence = self.folder / "evidence"
        evidence.mkdir(exist_ok=True)
        scan = {"Metadata": {"OS": {"Family": "debian"}, "ImageID": self.id}, **self.scan}
        scan.setdefault("Results", [{"Packages": [{"Name": "libc6"}]}])
        gate = {
            "gate": "trivy",
            "verdict": "pass",
            "scanned": 1,
            "data_date": datetime.now(timezone.utc).isoformat(),
            **self.gate,
        }
        documents = {
            "trivy-results.json": scan,
            "gate-verdicts.json": {"schema": 1, "verdicts": [gate]},
        }
        if self.bill is not None:
            whole = {"components": [{"name": "libc6"}], "serialNumber": self.id, **self.bill}
            documents["sbom.cdx.json"] = whole
        for name, document in documents.items():
            (evidence / name).write_text(json.dumps(document))
        return CHECKS[check](Scene(self.read(), evidence, True, self.pushed))


Defect = Callable[[Built], object]


def clean_image(folder: Path) -> Built:
    """Return an image without a defect."""
    return Built(
        folder,
        settings={
            "User": "shop",
            "Env": ["PATH=/usr/bin", "TOKEN_FILE=/run/secrets/TOKEN", "GPG_KEY=A035C8C1"],
            "Labels": {"org.opencontainers.image.version": "1.0"},
        },
        history=[{"created_by": "RUN |1 APP_VERSION=1.0 /bin/sh -c make"}],
        layers=[
            {
                "etc": FOLDER,
                "etc/passwd": File(b"root:x:0:0::/:/bin/sh\nshop:x:10001:10001::/:/bin/sh\n"),
                "usr/bin/passwd": File(b"\x7fELF", 0o4755),
                "tmp": File(mode=0o1777, kind=tarfile.DIRTYPE),
                "usr/bin/gcc": File(b"\x7fELF", 0o755),
                "opt/tools/sbin/sshd": File(b"\x7fELF", 0o755),
            },
            {
                "./usr/bin/.wh.gcc": File(),
                "opt/tools/.wh..wh..opq": File(),
                "app/shop.py": File(b"print('shop')\n"),
            },
        ],
    )


def layer_tar(files: dict[str, File], mode: str = "w") -> bytes:
    """Return a layer."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:  # type: ignore[call-overload]
        for name, file in files.items():
            member = tarfile.TarInfo(name)
            member.mode, member.type, member.size = file.mode, file.kind, len(file.content)
            tar.addfile(member, io.BytesIO(file.content))
    return buffer.getvalue()


def write_tar(path: Path, files: dict[str, bytes]) -> Path:
    """Write an archive of plain files."""
    path.write_bytes(layer_tar({name: File(content) for name, content in files.items()}))
    return path


def days_ago(days: int) -> str:
    """Return a time in the past."""
    return (datetime.now(timezone.utc) - timedelta(days=days)).isoformat()
