"""The rig's images: made when their inputs changed, reused otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import docker.errors

from . import base, engine
from .builder import builder
from .errors import RigError
from .home import lock
from .labels import IMAGE, NAMESPACE

FLAVOURS = ("bare", "ready")
#: Where the images of applications are that the demo, the tests and the benchmarks build.
MADE = ("iadeploy-demo", "iadeploy-test", "iadeploy-bench")
_FOLDER = Path(__file__).parent / "dockerfiles"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Kind:
    """One image: a folder with a Dockerfile and, for some, a stage of it."""

    name: str
    folder: str
    stage: str | None = None


_KINDS = {
    "bare": _Kind("server-bare", "server", "bare"),
    "ready": _Kind("server-ready", "server", "ready"),
    "services": _Kind("services", "services"),
    "python": _Kind("python", "python"),
    "systemd": _Kind("systemd", "systemd"),
}


def server(flavour: str, progress: Progress = lambda line: None) -> str:
    """The server image of a flavour; RigError for an unknown flavour."""
    if flavour not in FLAVOURS:
        raise RigError(f"there is no server flavour {flavour!r}: take one of {', '.join(FLAVOURS)}")
    return _ensure(_KINDS[flavour], progress)


def services(progress: Progress = lambda line: None) -> str:
    """The image of the registry, the database and the cache."""
    return _ensure(_KINDS["services"], progress)


def python(progress: Progress = lambda line: None) -> str:
    """The image that applications are built on where no public one can be pulled."""
    return _ensure(_KINDS["python"], progress)


def systemd(progress: Progress = lambda line: None) -> str:
    """The image of a machine that systemd runs."""
    return _ensure(_KINDS["systemd"], progress)


def debian(progress: Progress = lambda line: None) -> str:
    """The plain Debian below all of them."""
    tag = _base_tag()
    if not _exists(tag):
        with lock("images"):
            if not _exists(tag):
                base.make(tag, progress)
    return tag


def everything(progress: Progress = lambda line: None, *, rebuild: bool = False) -> list[str]:
    """All images. `rebuild` makes them again, so that they carry today's packages."""
    if rebuild:
        remove(progress)
    return [_ensure(kind, progress) for kind in _KINDS.values()]


def remove(progress: Progress = lambda line: None) -> None:
    """Remove the rig's images, old versions included; those in use by a rig stay.

    Of a Debian that was pulled, only the rig's own name goes.
    """
    remove_named(f"{NAMESPACE}/", progress)


def remove_all(progress: Progress = lambda line: None) -> None:
    """Remove every image that the rig, the demo, the tests and the benchmarks made."""
    for namespace in (*MADE, NAMESPACE):
        remove_named(f"{namespace}/", progress)
    # What lost its name to a later build; an application has the label from its base.
    unnamed = {"label": IMAGE, "dangling": True}
    for image in engine.client().api.images(filters=unnamed):
        _remove(image["Id"], progress)


def remove_named(beginning: str, progress: Progress = lambda line: None) -> None:
    """Remove the names that begin so from this machine's engine; what is in use stays.

    `beginning` is one of ours: nothing else of an image tells whose it is, since applications
    inherit the labels of their base.
    """
    if not beginning.startswith(tuple(f"{namespace}/" for namespace in (*MADE, NAMESPACE))):
        raise RigError(f"images called {beginning}… are not the rig's to remove")
    named = [tag for image in engine.client().api.images() for tag in image["RepoTags"] or ()]
    for tag in sorted(tag for tag in named if tag.startswith(beginning)):
        _remove(tag, progress)


def _remove(name: str, progress: Progress) -> None:
    try:
        engine.client().images.remove(name)
        progress(f"removed image {name}")
    except docker.errors.ImageNotFound:
        return  # gone already
    except docker.errors.APIError as error:
        progress(f"kept image {name}: {engine.explain(error)}")


def _ensure(kind: _Kind, progress: Progress) -> str:
    folder = _FOLDER / kind.folder
    tag = f"{NAMESPACE}/{kind.name}:{_digest(_base_tag().encode(), *_contents(folder))}"
    if _exists(tag):
        return tag
    base_tag = debian(progress)
    with lock("images"):
        if not _exists(tag):
            progress(f"building {tag}")
            builder().build(
                folder,
                tag,
                build_args={"BASE_IMAGE": base_tag},
                target=kind.stage,
                labels={IMAGE: kind.name},
            )
            engine.client().images.get(tag).tag(f"{NAMESPACE}/{kind.name}", "latest")
    return tag


def _base_tag() -> str:
    return f"{NAMESPACE}/base:{_digest(base.INPUTS.encode())}"


def _contents(folder: Path) -> list[bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() for path in files]


def _digest(*parts: bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()[:12]


def _exists(tag: str) -> bool:
    try:
        engine.client().images.get(tag)
    except docker.errors.ImageNotFound:
        return False
    return True
