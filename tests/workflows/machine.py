"""The runner: what a machine of GitHub's brings along, from what this one has."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.fleet import images, packages
from tests.fleet.builder import builder, ca_bundle
from tests.peers import vulnerabilities

_HARNESS = Path(__file__).parent / "harness"


def tools(folder: Path) -> Path:
    """Make a folder with a runner's programs `docker`, `trivy` and `gh`, and return it."""
    packages.ensure("jq", "jq", print)
    folder.mkdir(parents=True)
    (folder / "gh").symlink_to(_HARNESS / "gh")
    (folder / "trivy").symlink_to(Path(sys.executable).with_name("trivy"))
    docker = folder / "docker"
    docker.write_text(_docker(), encoding="utf-8")
    docker.chmod(0o755)
    return folder


def _docker() -> str:
    """A docker client that builds here: on the rig's base image, behind this machine's proxy."""
    chosen = builder()
    variables = [f"export {name}={shlex.quote(value)}" for name, value in chosen.environment]
    extra = ["--build-arg", f"BASE_IMAGE={images.python()}"]
    bundle = ca_bundle()
    extra += ["--secret", f"id=ca-bundle,src={bundle}"] if bundle else []
    return "\n".join(
        [
            "#!/bin/sh",
            *variables,
            'if [ "$1" = build ]; then shift; set -- build ' + shlex.join(extra) + ' "$@"; fi',
            f'exec {shlex.quote(chosen.program)} "$@"',
            "",
        ]
    )


def pythons(folder: Path) -> dict[str, Path]:
    """Make folders with one Python each, and return them by version; this machine's own alone."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix) / "bin"
    target = folder / version
    target.mkdir(parents=True)
    for name in ("python", "python3"):
        (target / name).symlink_to(base / f"python{version}")
    return {version: target}


def variables(folder: Path, trusted: Path | None) -> Mapping[str, str]:
    """What this machine's runner has in its environment.

    Args:
        folder: for Trivy's data, made by hand: no network is needed, and no vulnerability known.
        trusted: certificates that the registry's is among.
    """
    cache = vulnerabilities.write(folder / "trivy")
    found = {
        "TRIVY_CACHE_DIR": str(cache),
        "TRIVY_SKIP_DB_UPDATE": "true",
        "TRIVY_SKIP_JAVA_DB_UPDATE": "true",
        "TRIVY_OFFLINE_SCAN": "true",
        "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip")),
    }
    own = Path.home() / ".config" / "pip" / "pip.conf"
    if own.is_file() and "PIP_CONFIG_FILE" not in os.environ:
        found["PIP_CONFIG_FILE"] = str(own)
    if trusted is not None:
        bundle = folder / "trusted.pem"
        system = ca_bundle()
        parts = [path.read_bytes() for path in (system, trusted) if path is not None]
        bundle.write_bytes(b"\n".join(parts))
        found |= {name: str(bundle) for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")}
        found["PIP_CERT"] = str(system or bundle)
    return found
