"""Build images with BuildKit, whichever docker client can."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from . import engine
from .errors import RigError

_CA_VARIABLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")
_CA_DEFAULT = "/etc/ssl/certs/ca-certificates.crt"
_LAST_WITH_BUILTIN_BUILDKIT = 22


@dataclass(frozen=True)
class Builder:
    """A docker command line that builds with BuildKit."""

    program: str
    environment: tuple[tuple[str, str], ...]

    def build(
        self,
        context: Path,
        tag: str,
        *,
        build_args: Mapping[str, str],
        dockerfile: Path | None = None,
        target: str | None = None,
        labels: Mapping[str, str] | None = None,
        secrets: Mapping[str, Path] | None = None,
    ) -> None:
        """Build `context` into `tag`; raises RigError with the end of the build's output."""
        argv = [self.program, "build", "--progress", "plain", "--tag", tag]
        argv += ["--file", str(dockerfile or context / "Dockerfile")]
        argv += ["--target", target] if target else []
        for key, value in build_args.items():
            argv += ["--build-arg", f"{key}={value}"]
        for key, value in (labels or {}).items():
            argv += ["--label", f"{key}={value}"]
        for key, path in (secrets or {}).items():
            argv += ["--secret", f"id={key},src={path}"]
        answer = subprocess.run(
            [*argv, str(context)],
            env={**os.environ, **dict(self.environment)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if answer.returncode != 0:
            end = "\n".join(answer.stdout.splitlines()[-25:])
            raise RigError(f"the image {tag} could not be built from {context}:\n{end}")


@cache
def builder() -> Builder:
    """The first docker client here that can build with BuildKit; raises RigError when none can."""
    for program in engine.programs():
        if _succeeds(program, "buildx", "version"):
            return Builder(program, ())
        major = _client_major(program)
        if major is not None and major <= _LAST_WITH_BUILTIN_BUILDKIT:
            return Builder(program, (("DOCKER_BUILDKIT", "1"),))
    if not engine.programs():
        raise RigError(
            "no docker command on the PATH: install docker-ce-cli and docker-buildx-plugin where "
            "the Docker Engine is Docker's own, else your distribution's docker.io"
        )
    raise RigError(
        "no docker client on the PATH has buildx, without which nothing can be built: install "
        "docker-buildx-plugin where Docker came from Docker's own packages, else your "
        "distribution's docker-buildx"
    )


def build_application(
    context: Path, tag: str, build_args: Mapping[str, str], *, dockerfile: Path | None = None
) -> None:
    """Build an application's image on the rig's Python base.

    `BASE_IMAGE` is set unless `build_args` has it. The machine's CA bundle, if there is one, is
    offered as the build secret `ca-bundle`. Raises RigError with the end of the build's output.
    """
    from . import images

    bundle = ca_bundle()
    builder().build(
        context,
        tag,
        build_args={"BASE_IMAGE": images.python(), **build_args},
        dockerfile=dockerfile,
        secrets={"ca-bundle": bundle} if bundle else {},
    )


def ca_bundle() -> Path | None:
    """The file with the certificate authorities that this machine trusts."""
    for candidate in [*(os.environ.get(name) for name in _CA_VARIABLES), _CA_DEFAULT]:
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    return None


def _succeeds(*argv: str) -> bool:
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def _client_major(program: str) -> int | None:
    answer = subprocess.run(
        [program, "version", "--format", "{{.Client.Version}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    major = answer.stdout.split(".", 1)[0].strip()
    return int(major) if major.isdigit() else None
