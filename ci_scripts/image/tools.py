"""Which docker client here builds with BuildKit, and how it is asked to."""

from __future__ import annotations

import os
import shutil
import subprocess  # nosec B404 - the docker client, without a shell
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..exits import CommandError, Exit

_LAST_WITH_BUILTIN_BUILDKIT = 22
_SECONDS = 30


@dataclass(frozen=True)
class Order:
    """What is to be built.

    Attributes:
        context: the folder that the Dockerfile sees.
        dockerfile: the Dockerfile.
        labels: labels of the image.
        arguments: build arguments; everybody who has the image can read them.
        secrets: build secrets as the docker client takes them: an id and the file that holds it.
        cache_from: caches to read, as Buildx takes them.
        cache_to: caches to write, as Buildx takes them.
    """

    context: Path
    dockerfile: Path
    labels: Mapping[str, str]
    arguments: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()

    @property
    def flags(self) -> list[str]:
        """The flags that every client takes."""
        pairs = [
            *(("--label", f"{name}={value}") for name, value in self.labels.items()),
            *(("--build-arg", f"{name}={value}") for name, value in self.arguments.items()),
            *(("--secret", secret) for secret in self.secrets),
        ]
        plain = ["--progress", "plain", "--file", str(self.dockerfile)]
        return [*plain, *(word for pair in pairs for word in pair)]


@dataclass(frozen=True)
class Tool:
    """A docker client that builds with BuildKit.

    Attributes:
        program: its path.
        buildx: whether it has Buildx, which writes an archive without the engine's image store.
    """

    program: str
    buildx: bool

    @property
    def name(self) -> str:
        """What it is called in the record of the image."""
        return "buildx" if self.buildx else "docker's BuildKit"

    def command(self, order: Order, archive: Path, id_file: Path) -> list[str]:
        """Return the command line that builds.

        Args:
            archive: what Buildx writes.
            id_file: where a client without Buildx writes the id of the image in the engine.
        """
        if not self.buildx:
            # Its BuildKit keeps a cache of its own and can write none elsewhere.
            begin = [self.program, "build", "--iidfile", str(id_file)]
            return [*begin, *order.flags, str(order.context)]
        caches = [
            *(f"--cache-from={cache}" for cache in order.cache_from),
            *(f"--cache-to={cache}" for cache in order.cache_to),
        ]
        # Attestations would make the one image an index of several manifests.
        begin = [self.program, "buildx", "build", "--provenance=false", "--sbom=false"]
        output = ["--output", f"type=docker,dest={archive}"]
        return [*begin, *output, *caches, *order.flags, str(order.context)]


def find_tool() -> Tool:
    """Return the first docker client that builds with BuildKit, one with Buildx before others.

    Raises:
        CommandError: there is none.
    """
    programs = list(_programs())
    for program in programs:
        if _answer(program, "buildx", "version") is not None:
            return Tool(program, buildx=True)
    for program in programs:
        major = (_answer(program, "version", "--format", "{{.Client.Version}}") or "").split(".")[0]
        if major.isdigit() and int(major) <= _LAST_WITH_BUILTIN_BUILDKIT:
            return Tool(program, buildx=False)
    raise CommandError(
        Exit.BAD_INPUT,
        "No docker client on the PATH builds with BuildKit.",
        "Install Docker's Buildx plugin, or Debian's package docker.io.",
    )


def _programs() -> Iterator[str]:
    seen = set()
    for folder in os.get_exec_path():
        found = shutil.which("docker", path=folder)
        if found and Path(found).resolve() not in seen:
            seen.add(Path(found).resolve())
            yield found


def _answer(*argv: str) -> str | None:
    try:
        done = subprocess.run(  # nosec B603 - a list, no shell
            argv, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
