"""Getting the image that was named: a file, or the Docker Engine's."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ... import inputs
from ...exits import CommandError, Exit
from .archive import Image, ImageError, read_archive


@contextmanager
def image_named(text: str) -> Iterator[Image]:
    """Yield the image of an archive's path or of a reference that the engine has.

    Raises:
        CommandError: there is no such image, or it cannot be read.
    """
    path = Path(text)
    try:
        if path.is_file():
            yield read_archive(path, path.name)
            return
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder, "image.tar")
            digests = _save(inputs.image(text).text, archive)
            yield read_archive(archive, text, digests)
    except ImageError as error:
        raise CommandError(
            Exit.BAD_INPUT,
            f"--image: {error}.",
            "Name an image that the engine has, or a file that 'docker save' wrote.",
        ) from error


def _save(reference: str, archive: Path) -> frozenset[str]:
    """Write the engine's image to a file, and return the digests that registries know it by."""
    try:
        import docker  # pylint: disable=import-outside-toplevel  # an optional dependency
    except ImportError as error:
        raise ImageError(
            "the engine's client is missing: pip install '.[hipaa]' in the checkout of"
            " innerarchitect-deploy"
        ) from error
    try:
        with closing(docker.from_env()) as client, archive.open("wb") as file:
            image = client.images.get(reference)
            for chunk in image.save(named=True):
                file.write(chunk)
            known = image.attrs.get("RepoDigests") or []
    except docker.errors.ImageNotFound as error:
        raise ImageError(f"the engine has no image {reference}") from error
    except docker.errors.DockerException as error:
        raise ImageError(f"the Docker Engine does not answer: {error}") from error
    return frozenset(one.rpartition("@")[2] for one in known)
