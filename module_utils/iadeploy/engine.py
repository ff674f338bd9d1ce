"""The Docker Engine of this host, every call under a deadline."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from .container import LABEL_APP, Container
from .docker_api import SOCKET, ApiError, DockerApi, UnixConnection
from .engine_errors import refusal, silence
from .errors import DeployError
from .reference import Reference
from .tether import check_tether

LABEL_VERSION = "org.opencontainers.image.version"
LABEL_REVISION = "org.opencontainers.image.revision"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
_NOT_FOUND = 404
_NOT_RUNNING = 409


@dataclass(frozen=True)
class ImageFacts:
    """What an image says of itself."""

    version: str
    revision: str
    architecture: str
    user: str


class Engine:
    """The local engine.

    Args:
        timeout: seconds that one call may take; a hung engine answers nothing for ever.
        auth: user name and password for the registry; kept in memory only, since a login
            on a command line shows in the process list.
        api: how it is reached; by default through its socket.
    """

    def __init__(
        self,
        timeout: float = 60.0,
        auth: tuple[str, str] | None = None,
        api: DockerApi | None = None,
    ) -> None:
        self.timeout = timeout
        self._auth = {"username": auth[0], "password": auth[1]} if auth else None
        self._api = api or DockerApi(UnixConnection(SOCKET, timeout))

    @contextmanager
    def _explained(
        self, doing: str, cause: str = "refused", *, registry: bool = False
    ) -> Iterator[None]:
        """Turn what goes wrong into a sentence that names what was being done."""
        try:
            yield
        except ApiError as error:
            raise refusal(doing, error.said, cause) from error
        except TimeoutError as error:
            how = f"did not answer within {self.timeout:g} s"
            raise silence(doing, how, registry=registry) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise silence(doing, "does not answer") from error

    def info(self) -> dict[str, Any]:
        """Return the engine's own description (``GET /info``)."""
        with self._explained("ask the Docker Engine for its state"):
            answer: dict[str, Any] = self._api.get("/info")
        return answer

    def resolve(self, reference: Reference) -> str:
        """Return the digest that the registry has for a reference; this also proves that the
        registry answers and accepts the login."""
        with self._explained(f"look up {reference.text} in its registry", registry=True):
            answer = self._api.get(f"/distribution/{_name(reference.text)}/json", auth=self._auth)
        digest: str = answer["Descriptor"]["digest"]
        return digest

    def has_image(self, pinned: str) -> bool:
        """Tell whether the image is on this host."""
        with self._explained(f"look for {pinned}"):
            return self._found(f"/images/{_name(pinned)}/json") is not None

    def has_network(self, name: str) -> bool:
        """Tell whether there is a network of that name."""
        with self._explained(f"look for the network {name}"):
            return self._found(f"/networks/{_name(name)}") is not None

    def pull(self, repository: str, digest: str) -> None:
        """Pull an image by digest."""
        doing = f"pull {repository}@{digest}"
        with self._explained(doing, registry=True):
            wanted = {"fromImage": repository, "tag": digest}
            for line in self._api.lines("/images/create", wanted, auth=self._auth):
                check_tether()
                if "error" in line:
                    raise refusal(doing, line["error"])

    def image_facts(self, pinned: str) -> ImageFacts:
        """Return what the image says of itself."""
        with self._explained(f"inspect {pinned}"):
            answer = self._api.get(f"/images/{_name(pinned)}/json")
        config = answer.get("Config") or {}
        labels = config.get("Labels") or {}
        return ImageFacts(
            version=labels.get(LABEL_VERSION, ""),
            revision=labels.get(LABEL_REVISION, ""),
            architecture=answer.get("Architecture", ""),
            user=config.get("User", ""),
        )

    def remove_image(self, pinned: str) -> None:
        """Remove an image; one that a container still uses stays."""
        with self._explained(f"remove {pinned}"):
            try:
                self._api.delete(f"/images/{_name(pinned)}")
            except ApiError:
                return

    def unused_image_bytes(self) -> int:
        """Return how large the images are that no container uses, layers that they share with
        others included."""
        with self._explained("list images"):
            images = self._api.get("/images/json")
            used = {row["ImageID"] for row in self._api.get("/containers/json", {"all": "true"})}
        return sum(int(image["Size"]) for image in images if image["Id"] not in used)

    def containers(self, app: str) -> list[Container]:
        """Return the application's containers, newest first, stopped ones included."""
        filters = json.dumps({"label": [f"{LABEL_APP}={app}"]})
        with self._explained("list containers"):
            rows = self._api.get("/containers/json", {"all": "true", "filters": filters})
        rows.sort(key=lambda row: row["Created"], reverse=True)
        return [Container.from_list(row) for row in rows]

    def inspect(self, name: str) -> Container | None:
        """Return one container, or None when there is none of that name."""
        with self._explained(f"inspect container {name}"):
            answer = self._found(f"/containers/{_name(name)}/json")
        return Container.from_inspect(answer) if answer is not None else None

    def knows(self, name: str) -> bool:
        """Tell whether there is a container of a name or id, whoever made it."""
        with self._explained(f"inspect container {name}"):
            return self._found(f"/containers/{_name(name)}/json") is not None

    def create(self, name: str, request: dict[str, Any]) -> None:
        """Create a container."""
        with self._explained(f"create container {name}", "unhealthy"):
            self._api.post("/containers/create", {"name": name}, body=request)

    def start(self, name: str) -> None:
        """Start a container."""
        with self._explained(f"start container {name}", "unhealthy"):
            self._api.post(f"/containers/{_name(name)}/start")

    def keep_running(self, name: str) -> None:
        """Have the engine start the container again after a crash or a reboot."""
        self._restart(name, "unless-stopped")

    def keep_stopped(self, name: str) -> None:
        """Have neither a crash nor a reboot start the container again."""
        self._restart(name, "no")

    def _restart(self, name: str, policy: str) -> None:
        with self._explained(f"set the restart policy of {name}"):
            wanted = {"RestartPolicy": {"Name": policy}}
            self._api.post(f"/containers/{_name(name)}/update", body=wanted)

    def signal(self, name: str, number: str) -> None:
        """Send a signal to a container; one that does not run any more is no error."""
        with self._explained(f"send {number} to {name}"):
            try:
                self._api.post(f"/containers/{_name(name)}/kill", {"signal": number})
            except ApiError as error:
                if error.status not in (_NOT_FOUND, _NOT_RUNNING):
                    raise

    def stop(
        self, name: str, grace: int, may_go_on: Callable[[], None] | None = check_tether
    ) -> None:
        """Stop a container: SIGTERM, and SIGKILL after ``grace`` seconds.

        Args:
            may_go_on: asked while it ends; raises when nobody waits for that any more. The engine
                stops the container all the same.
        """
        path, query = f"/containers/{_name(name)}/stop", {"t": grace}
        with self._explained(f"stop container {name}"):
            self._api.post(path, query, patience=grace, may_go_on=may_go_on)

    def remove(self, name: str) -> None:
        """Remove a container, running or not; one that is gone or going already is no error."""
        with self._explained(f"remove container {name}"):
            try:
                self._api.delete(f"/containers/{_name(name)}", {"force": "true", "v": "true"})
            except ApiError as error:
                if error.status != _NOT_FOUND and "already in progress" not in error.said:
                    raise

    def logs(self, name: str, lines: int = 40) -> bytes:
        """Return the last lines of a container's output."""
        wanted = {"stdout": "true", "stderr": "true", "tail": lines}
        with self._explained(f"read the log of {name}"):
            return _unframed(self._api.read(f"/containers/{_name(name)}/logs", wanted))

    def _found(self, path: str) -> dict[str, Any] | None:
        """Return what the engine has there, or None when there is nothing."""
        try:
            answer: dict[str, Any] = self._api.get(path)
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise
            return None
        return answer

    def user_ids(self, container: str, user: str) -> tuple[int, int]:
        """Return the numeric user and group that an image's USER means.

        A name is looked up in the /etc/passwd of the created container.
        """
        name, _, group = user.partition(":")
        if not name:
            return 0, 0
        if name.isdigit():
            return int(name), int(group) if group.isdigit() else int(name)
        for line in self._read_file(container, "/etc/passwd").splitlines():
            fields = line.split(":")
            if len(fields) > 3 and fields[0] == name:
                return int(fields[2]), int(fields[3])
        raise DeployError(
            f"the image runs as user '{name}', which its /etc/passwd does not know",
            "Give the image a numeric USER",
            cause="unhealthy",
        )

    def _read_file(self, container: str, path: str) -> str:
        # Its import costs as much as all others here together, and few images name a user.
        import tarfile  # pylint: disable=import-outside-toplevel

        with self._explained(f"read {path} from the image"):
            answer = self._api.read(f"/containers/{_name(container)}/archive", {"path": path})
            archive = io.BytesIO(answer)
        with tarfile.open(fileobj=archive) as tar:
            member = tar.extractfile(tar.getmembers()[0])
            return member.read().decode(errors="replace") if member else ""

    def architecture(self) -> str:
        """Return this host's architecture in the words that images use."""
        machine = str(self.info().get("Architecture", ""))
        return _ARCHITECTURES.get(machine, machine)


def _name(text: str) -> str:
    """Return a name for a path; an image's name keeps its slashes, colons and digest."""
    return quote(text, safe="/:@")


def _unframed(stream: bytes) -> bytes:
    """Return the output behind the engine's framing: 4 bytes stream, 4 bytes length, content."""
    parts = []
    while len(stream) >= 8:
        end = 8 + int.from_bytes(stream[4:8], "big")
        parts.append(stream[8:end])
        stream = stream[end:]
    return b"".join(parts)
