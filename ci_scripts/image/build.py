"""``iactl image build``: one image from a checkout, as a file with a record."""

from __future__ import annotations

import os
import subprocess  # nosec B404 - the docker client, without a shell
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from .. import github
from ..checkout import Checkout, find_checkout, with_commit
from ..exits import CommandError, Exit, bad_input
from ..hashes import sha256_of
from ..hipaa.image.archive import Image, ImageError, read_archive
from ..hipaa.names import is_secret
from ..markdown import cell
from ..report import Report
from .engine import engine
from .records import ARCHIVE, IMAGE, Built, write_record
from .tools import Order, Tool, find_tool

_PREFIX = "org.opencontainers.image."
_LABELS = {name: f"{_PREFIX}{name}" for name in ("revision", "version", "created", "source")}
_MIB = 1 << 20


@dataclass(frozen=True)
class Request:
    """What was asked for.

    Attributes:
        project: the checkout's folder, or None for the current one.
        output: folder for the archive and its record.
        context: the folder that the Dockerfile sees, relative to the checkout.
        dockerfile: relative to the context.
        version: the version, or an empty string for the project's with the commit.
        arguments: build arguments as ``NAME=VALUE``.
        secrets: build secrets as ``id=NAME,src=FILE``.
        cache_from: caches to read.
        cache_to: caches to write.
    """

    project: Path | None
    output: Path
    context: str = "."
    dockerfile: str = "Dockerfile"
    version: str = ""
    arguments: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()


def build(request: Request) -> Report:
    """Build the image and write its archive and its record.

    Raises:
        CommandError: the checkout, the Dockerfile or an option is not as it must be, or the build
            failed.
    """
    started = time.monotonic()
    checkout = find_checkout(request.project)
    commit = checkout.commit
    context = checkout.root / request.context
    dockerfile = context / request.dockerfile
    if not dockerfile.is_file():
        raise bad_input("--dockerfile", str(dockerfile), "the path of a Dockerfile in the context")
    given = build_arguments(request.arguments)
    takes_version = "ARG APP_VERSION" in dockerfile.read_text(encoding="utf-8", errors="replace")
    version = request.version or (_version(checkout, commit) if takes_version else "")
    now = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    order = Order(
        context=context,
        dockerfile=dockerfile,
        labels=labels(commit, version, now, os.environ),
        arguments={
            **({"APP_VERSION": version, "APP_REVISION": commit} if takes_version else {}),
            **given,
        },
        secrets=request.secrets,
        cache_from=request.cache_from,
        cache_to=request.cache_to,
    )
    archive, tool = request.output / ARCHIVE, find_tool()
    image = _built(tool, order, archive)
    record = Built(
        image_id=image.id,
        sha256=sha256_of(archive),
        bytes=archive.stat().st_size,
        commit=commit,
        branch=checkout.branch(),
        version=str((image.settings.get("Labels") or {}).get(_LABELS["version"], "")),
        labels=image.settings.get("Labels") or {},
        builder=tool.name,
        built_at=now,
    )
    write_record(request.output / IMAGE, record)
    return _told(record, archive, order, tool, time.monotonic() - started)


def build_arguments(given: tuple[str, ...]) -> dict[str, str]:
    """Return the build arguments by their names. Pure.

    Raises:
        CommandError: one has no value, or its name is that of a secret.
    """
    arguments = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise bad_input("--build-arg", text, "NAME=VALUE")
        if is_secret(name):
            raise CommandError(
                Exit.BAD_INPUT,
                f"--build-arg: {name} is a secret's name, and whoever has the image can read it.",
                "Give it as a build secret: --secret id=NAME,src=FILE.",
            )
        arguments[name] = value
    return arguments


def labels(commit: str, version: str, now: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the labels that say where an image comes from. Pure.

    A label of the version is left out where the application does not take it as a build argument:
    a deploy compares it with the version that the application serves.
    """
    server, repository = (
        environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY")
    )
    source = f"{server}/{repository}" if server and repository else ""
    named = {"revision": commit, "version": version, "created": now, "source": source}
    return {_LABELS[name]: value for name, value in named.items() if value}


def _version(checkout: Checkout, commit: str) -> str:
    declared = str((checkout.project().get("project") or {}).get("version") or "0")
    return with_commit(declared, commit)


def _built(tool: Tool, order: Order, archive: Path) -> Image:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        id_file = Path(folder, "image-id")
        environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
        # The builder talks to the person who waits; standard output is the command's own.
        done = subprocess.run(  # nosec B603 - a list, no shell
            tool.command(order, archive, id_file), env=environment, stdout=sys.stderr, check=False
        )
        if done.returncode != 0:
            raise CommandError(
                Exit.GATE_FAILED,
                f"The image could not be built from {order.dockerfile}.",
                "The builder's own last lines above say why.",
            )
        if not tool.buildx:
            with engine() as docker:
                image_id = id_file.read_text(encoding="ascii").strip()
                docker.save(image_id, archive)
                docker.drop_untagged(image_id)
    try:
        return read_archive(archive, archive.name)
    except ImageError as error:
        raise CommandError(Exit.INTERNAL, f"What was built cannot be read: {error}.") from error


def _told(record: Built, archive: Path, order: Order, tool: Tool, seconds: float) -> Report:
    report = Report("image build", "", seconds=seconds)
    version = f" of version {record.version}" if record.version else ""
    what = f"the image {record.image_id[:19]}…{version}"
    report.message = f"{archive} holds {what}, {record.bytes / _MIB:.0f} MiB."
    report.next_step = "Scan it: iactl image scan"
    if not tool.buildx and (order.cache_from or order.cache_to):
        report.details.append("Without Buildx the caches that were named are left out.")
    if record.commit.endswith("-dirty"):
        report.details.append("The checkout has changes that are in no commit.")
    report.data = {"archive": str(archive), "image_id": record.image_id, "version": record.version}
    github.add_summary(f"### Image build\n\n{cell(what)} of {cell(record.commit)}\n\n")
    github.set_output("image_id", record.image_id)
    github.set_output("version", record.version)
    return report
