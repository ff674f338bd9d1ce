"""``image.json`` and ``release.json``: what was built, and what was pushed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from iadeploy.reference import is_digest

from ..exits import CommandError, Exit

IMAGE, RELEASE = "image.json", "release.json"
ARCHIVE = "image.tar"
SCHEMA = 1
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True)
class Built:
    """The content of ``image.json``.

    Attributes:
        image_id: SHA-256 over the image's configuration, which scanners call ImageID.
        sha256: of the archive.
        bytes: size of the archive.
        commit: what was built; ``-dirty`` at its end when the checkout had changes.
        branch: its branch, an empty string where there was none.
        version: the label version, an empty string where there is none.
        labels: the image's labels.
        builder: what built it.
        built_at: UTC, ISO 8601.
    """

    image_id: str
    sha256: str
    bytes: int
    commit: str
    branch: str
    version: str
    labels: Mapping[str, str]
    builder: str
    built_at: str


@dataclass(frozen=True)
class Pushed:
    """The content of ``release.json``: what a deploy may take from the registry.

    Attributes:
        image: repository and digest; what 'iactl deploy --image' takes.
        repository: registry and path.
        digest: of the manifest, as the registry itself names it.
        tags: the tags it was pushed under.
        image_id: as in ``image.json``; the registry's manifest has it as its configuration.
        commit: as in ``image.json``.
        branch: as in ``image.json``.
        version: as in ``image.json``.
        run_url: where the run can be looked at, an empty string off CI.
        pushed_at: UTC, ISO 8601.
    """

    image: str
    repository: str
    digest: str
    tags: tuple[str, ...]
    image_id: str
    commit: str
    branch: str
    version: str
    run_url: str
    pushed_at: str

    @property
    def is_of_a_commit(self) -> bool:
        """Whether it was built from a commit and from nothing else."""
        return _COMMIT.fullmatch(self.commit) is not None


Record = TypeVar("Record", Built, Pushed)


def write_record(path: Path, record: Built | Pushed) -> None:
    """Write a record as JSON.

    Raises:
        CommandError: the folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        document = {"schema": SCHEMA, **asdict(record)}
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(
            Exit.BAD_INPUT,
            f"{path} cannot be written: {error}.",
            "Name a folder that can be written to with --output.",
        ) from error


def read_built(path: Path) -> Built:
    """Return the content of an ``image.json``.

    Raises:
        CommandError: there is none, or it cannot be understood.
    """
    return parse_built(_load(path, "Run 'iactl image build' with the same --output first."), path)


def read_pushed(path: Path) -> Pushed:
    """Return the content of a ``release.json``.

    Raises:
        CommandError: there is none, or it cannot be understood.
    """
    return parse_pushed(_load(path, "Run 'iactl image push' with the same --output first."), path)


def parse_built(document: Any, path: Path) -> Built:
    """Return the record of an image that was built. Pure.

    Raises:
        CommandError: it cannot be understood.
    """
    built = _fill(Built, document, path)
    if not is_digest(built.image_id):
        raise _unclear(path, "image_id is no SHA-256 digest")
    return built


def parse_pushed(document: Any, path: Path) -> Pushed:
    """Return the record of an image that was pushed. Pure.

    Raises:
        CommandError: it cannot be understood.
    """
    pushed = _fill(Pushed, document, path)
    if not is_digest(pushed.digest) or not is_digest(pushed.image_id):
        raise _unclear(path, "digest and image_id are not both SHA-256 digests")
    if pushed.image != f"{pushed.repository}@{pushed.digest}":
        raise _unclear(path, "image is not repository@digest")
    return pushed


def _load(path: Path, next_step: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CommandError(Exit.BAD_INPUT, f"There is no {path}.", next_step) from error
    except (OSError, ValueError) as error:
        raise _unclear(path, str(error)) from error


def _fill(kind: type[Record], document: Any, path: Path) -> Record:
    names = [one.name for one in fields(kind)]
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise _unclear(path, f"it has not schema {SCHEMA}")
    missing = [name for name in names if name not in document]
    if missing:
        raise _unclear(path, f"it lacks {', '.join(missing)}")
    values = {name: document[name] for name in names}
    for name, value in values.items():
        values[name] = tuple(value) if isinstance(value, list) else value
        wanted = {"bytes": int, "labels": dict, "tags": tuple}.get(name, str)
        if not isinstance(values[name], wanted):
            raise _unclear(path, f"{name} is no {wanted.__name__}")
    return kind(**values)


def _unclear(path: Path, why: str) -> CommandError:
    return CommandError(
        Exit.BAD_INPUT, f"{path} cannot be understood: {why}.", "Build and push the image again."
    )
