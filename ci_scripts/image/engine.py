"""What the Docker Engine does with an image: write it to a file, read it from one, push it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..exits import CommandError, Exit

_SECONDS = 600  # for one call; a push of a large image over a slow line takes minutes


@dataclass(frozen=True)
class Credentials:
    """A registry's log-in. It travels in a header of the engine's API, in no file and no argv."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials({self.username!r}, ********)"


class Engine:
    """The Docker Engine of this machine."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def save(self, image_id: str, archive: Path) -> None:
        """Write an image to a file."""
        with archive.open("wb") as file:
            for chunk in self._client.images.get(image_id).save():
                file.write(chunk)

    def load(self, archive: Path) -> str:
        """Read an image from a file; return how the engine calls it.

        Raises:
            CommandError: the file holds none, or several.
        """
        with archive.open("rb") as file:
            found = self._client.images.load(file)
        if len(found) != 1:
            raise CommandError(
                Exit.BAD_INPUT,
                f"{archive} holds {len(found)} images.",
                "Build it again with 'iactl image build'.",
            )
        return str(found[0].id)

    def has(self, image_id: str) -> bool:
        """Whether the engine has an image."""
        return any(one.id == image_id for one in self._client.images.list(all=True))

    def drop_untagged(self, image_id: str) -> None:
        """Remove an image that nobody gave a name: what a build or a push leaves behind."""
        if self.has(image_id) and not self._client.images.get(image_id).tags:
            self._client.images.remove(image_id)

    def push(
        self,
        image_id: str,
        repository: str,
        tags: Sequence[str],
        credentials: Credentials | None,
    ) -> None:
        """Push an image under its tags; what the engine knew it by before, it knows it by after.

        Raises:
            CommandError: the registry does not take it.
        """
        image = self._client.images.get(image_id)
        fresh = [tag for tag in tags if f"{repository}:{tag}" not in image.tags]
        for tag in fresh:
            image.tag(repository, tag)
        try:
            for tag in tags:
                self._push(repository, tag, credentials)
        finally:
            # An image goes with its last name: not before all are pushed.
            for tag in fresh:
                self._client.images.remove(f"{repository}:{tag}")

    def _push(self, repository: str, tag: str, credentials: Credentials | None) -> None:
        login = (
            {"username": credentials.username, "password": credentials.password}
            if credentials
            else None
        )
        lines = self._client.api.push(repository, tag, auth_config=login, stream=True, decode=True)
        refusal = next((str(line["error"]) for line in lines if "error" in line), "")
        if refusal:
            raise CommandError(
                Exit.GATE_FAILED,
                f"The registry did not take {repository}:{tag}: {refusal.strip()}.",
                "Check the repository's name, the user's right to write there, and the password.",
            )


def stored_login(repository: str) -> Credentials | None:
    """Return the log-in that 'docker login' keeps for a repository's registry, or None."""
    try:
        from docker import auth  # pylint: disable=import-outside-toplevel  # an optional dependency
    except ImportError:
        return None
    registry, _ = auth.resolve_repository_name(repository)
    kept = auth.load_config().resolve_authconfig(registry) or {}
    username, password = kept.get("Username") or kept.get("username"), kept.get("password")
    password = password or kept.get("Password")
    return Credentials(username, password) if username and password else None


@contextmanager
def engine() -> Iterator[Engine]:
    """Yield this machine's engine.

    Raises:
        CommandError: its client is missing, or it does not answer as it should.
    """
    try:
        import docker  # pylint: disable=import-outside-toplevel  # an optional dependency
    except ImportError as error:
        raise CommandError(
            Exit.BAD_INPUT,
            "The client of the Docker Engine is missing.",
            "Install it: pip install '.[ci]' in the checkout of innerarchitect-deploy.",
        ) from error
    try:
        with closing(docker.from_env(timeout=_SECONDS)) as client:
            yield Engine(client)
    except docker.errors.DockerException as error:
        raise CommandError(
            Exit.GATE_FAILED,
            f"The Docker Engine does not do it: {error}.",
            "Try 'docker info' in the same shell.",
        ) from error
