"""The Docker Engine of this host, through the Docker SDK, every call under a deadline."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .container import LABEL_APP, Container
from .errors import DeployError
from .reference import Reference
from .tether import check_tether

LABEL_VERSION = "org.opencontainers.image.version"
LABEL_REVISION = "org.opencontainers.image.revision"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}


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
    """

    def __init__(self, timeout: float = 60.0, auth: tuple[str, str] | None = None) -> None:
        self.timeout = timeout
        self._auth = {"username": auth[0], "password": auth[1]} if auth else None
        self._connected: Any = None

    @property
    def _api(self) -> Any:
        """The connection. Importing the SDK takes longer than a whole switch, so it waits
        until a phase really needs the engine."""
        if self._connected is None:
            try:
                import docker  # pylint: disable=import-outside-toplevel
            except ImportError as error:
                raise DeployError(
                    "Python's docker package is missing on this server",
                    "Run 'iactl bootstrap', which installs python3-docker",
                    cause="refused",
                ) from error
            with self._explained("connect to the Docker Engine"):
                self._connected = docker.APIClient(version="auto", timeout=int(self.timeout))
        return self._connected

    @contextmanager
    def _explained(self, doing: str, cause: str = "refused") -> Iterator[None]:
        """Turn the SDK's exceptions into a sentence that names what was being done."""
        import docker.errors  # pylint: disable=import-outside-toplevel
        import requests  # pylint: disable=import-outside-toplevel

        try:
            yield
        except docker.errors.APIError as error:
            raise _from_api_error(doing, str(error.explanation or error), cause) from error
        except requests.exceptions.Timeout as error:
            raise DeployError(
                f"cannot {doing}: the Docker Engine did not answer within {self.timeout:g} s",
                "Check 'service docker status' on this server",
                cause="refused",
            ) from error
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise DeployError(
                f"cannot {doing}: the Docker Engine does not answer",
                "Check 'service docker status' on this server",
                cause="refused",
            ) from error

    def info(self) -> dict[str, Any]:
        """Return the engine's own description (``GET /info``)."""
        api = self._api
        with self._explained("ask the Docker Engine for its state"):
            answer: dict[str, Any] = api.info()
        return answer

    def resolve(self, reference: Reference) -> str:
        """Return the digest that the registry has for a reference; this also proves that the
        registry answers and accepts the login."""
        api = self._api
        with self._explained(f"look up {reference.text} in its registry"):
            answer = api.inspect_distribution(reference.text, auth_config=self._auth)
        digest: str = answer["Descriptor"]["digest"]
        return digest

    def has_image(self, pinned: str) -> bool:
        """Tell whether the image is on this host."""
        import docker.errors  # pylint: disable=import-outside-toplevel

        api = self._api
        with self._explained(f"look for {pinned}"):
            try:
                api.inspect_image(pinned)
            except docker.errors.ImageNotFound:
                return False
        return True

    def pull(self, repository: str, digest: str) -> None:
        """Pull an image by digest."""
        api = self._api
        with self._explained(f"pull {repository}@{digest}"):
            answers = api.pull(
                repository, tag=digest, stream=True, decode=True, auth_config=self._auth
            )
            for line in answers:
                check_tether()
                if "error" in line:
                    raise _from_api_error(f"pull {repository}@{digest}", line["error"])

    def image_facts(self, pinned: str) -> ImageFacts:
        """Return what the image says of itself."""
        api = self._api
        with self._explained(f"inspect {pinned}"):
            answer = api.inspect_image(pinned)
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
        import docker.errors  # pylint: disable=import-outside-toplevel

        api = self._api
        with self._explained(f"remove {pinned}"):
            try:
                api.remove_image(pinned)
            except (docker.errors.ImageNotFound, docker.errors.APIError):
                return

    def containers(self, app: str) -> list[Container]:
        """Return the application's containers, newest first, stopped ones included."""
        api = self._api
        with self._explained("list containers"):
            rows = api.containers(all=True, filters={"label": [f"{LABEL_APP}={app}"]})
        rows.sort(key=lambda row: row["Created"], reverse=True)
        return [Container.from_list(row) for row in rows]

    def inspect(self, name: str) -> Container | None:
        """Return one container, or None when there is none of that name."""
        import docker.errors  # pylint: disable=import-outside-toplevel

        api = self._api
        with self._explained(f"inspect container {name}"):
            try:
                return Container.from_inspect(api.inspect_container(name))
            except docker.errors.NotFound:
                return None

    def create(self, name: str, request: dict[str, Any]) -> None:
        """Create a container."""
        api = self._api
        with self._explained(f"create container {name}", "unhealthy"):
            api.create_container_from_config(request, name)

    def start(self, name: str) -> None:
        """Start a container."""
        api = self._api
        with self._explained(f"start container {name}", "unhealthy"):
            api.start(name)

    def keep_running(self, name: str) -> None:
        """Have the engine start the container again after a crash or a reboot."""
        api = self._api
        with self._explained(f"set the restart policy of {name}"):
            api.update_container(name, restart_policy={"Name": "unless-stopped"})

    def stop(self, name: str, grace: int) -> None:
        """Stop a container: SIGTERM, and SIGKILL after ``grace`` seconds."""
        api = self._api
        with self._explained(f"stop container {name}"):
            api.stop(name, timeout=grace)

    def remove(self, name: str) -> None:
        """Remove a container, running or not; one that is gone already is no error."""
        import docker.errors  # pylint: disable=import-outside-toplevel

        api = self._api
        with self._explained(f"remove container {name}"):
            try:
                api.remove_container(name, force=True, v=True)
            except docker.errors.NotFound:
                return

    def logs(self, name: str, lines: int = 40) -> bytes:
        """Return the last lines of a container's output."""
        api = self._api
        with self._explained(f"read the log of {name}"):
            answer: bytes = api.logs(name, tail=lines)
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
        api = self._api
        with self._explained(f"read {path} from the image"):
            chunks, _ = api.get_archive(container, path)
            archive = io.BytesIO(b"".join(chunks))
        with tarfile.open(fileobj=archive) as tar:
            member = tar.extractfile(tar.getmembers()[0])
            return member.read().decode(errors="replace") if member else ""

    def architecture(self) -> str:
        """Return this host's architecture in the words that images use."""
        machine = str(self.info().get("Architecture", ""))
        return _ARCHITECTURES.get(machine, machine)


def _from_api_error(doing: str, said: str, cause: str = "refused") -> DeployError:
    """Name the cause behind what the engine or the registry said."""
    text = " ".join(said.split())[:300]
    low = text.lower()
    if "exec format error" in low:
        step = "Build the image for this server's architecture"
    elif "executable file not found" in low or "permission denied: unknown" in low:
        step = "Check app_command and the image's own command"
    elif "unauthorized" in low or "authentication required" in low or "denied" in low:
        step = "Check app_registry_username and app_registry_password for this environment"
    elif "manifest unknown" in low or "not found" in low or "no such image" in low:
        step = "Check the image's name and tag, and that the build has pushed it"
    elif "no space left" in low or "disk quota" in low:
        step = "Free disk space on this server, for instance with 'docker image prune'"
    elif "x509" in low or "certificate" in low:
        step = "Check host_registry_certificates, then run 'iactl bootstrap'"
    elif "refused" in low or "timeout" in low or "no such host" in low or "deadline" in low:
        step = "Check that the registry runs and that this server can reach it"
    elif "toomanyrequests" in low:
        step = "The registry limits requests; wait, or log in with an account that may pull more"
    else:
        step = "Look at the engine's log on this server"
    return DeployError(f"cannot {doing}: {text}", step, cause=cause)
