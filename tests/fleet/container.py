"""One member of a rig: a container that keeps its name and address."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import docker.errors

from . import engine
from .errors import RigError
from .labels import Identity

BOOT_DEADLINE = 60.0  # seconds from start to ready


@dataclass(frozen=True)
class File:
    """A file to put into a container before it starts."""

    path: str
    content: bytes
    mode: int = 0o600
    owner: int = 0


@dataclass
class Member:
    """A container of the rig, by role name, with a fixed address."""

    identity: Identity
    role: str
    address: str

    @property
    def container_name(self) -> str:
        """Its docker name."""
        return self.identity.container(self.role)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
        check: bool = False,
        timeout: float = 60.0,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside and return its outcome with text output.

        `timeout` is seconds. Raises RigError on a time-out, and with `check` on a non-zero exit.
        """
        command = [engine.program(), "exec"]
        command += ["--interactive"] if stdin is not None else []
        command += ["--user", user] if user else []
        for key, value in (environment or {}).items():
            command += ["--env", f"{key}={value}"]
        command += [self.container_name, *argv]
        where = f"{argv[0]} in {self.container_name}"
        options: dict[str, Any] = {"stdin": subprocess.DEVNULL} if stdin is None else {}
        try:
            answer = subprocess.run(
                command,
                input=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout,
                check=False,
                **options,
            )
        except subprocess.TimeoutExpired as error:
            raise RigError(f"{where} did not end within {timeout:g} s") from error
        if check and answer.returncode != 0:
            said = (answer.stderr or answer.stdout).strip()
            raise RigError(f"{where} ended with {answer.returncode}: {said}")
        return answer

    def start(self) -> None:
        """Start it and wait until it serves; RigError when it does not in time."""
        self._do("start")
        self.wait_ready()

    def stop(self, *, timeout: int = 30) -> None:
        """Stop it; after `timeout` seconds by force."""
        self._do("stop", timeout=timeout)

    def kill(self) -> None:
        """Cut its power."""
        self._do("kill")

    def restart(self, *, timeout: int = 30) -> None:
        """Reboot it and wait until it serves again; RigError when it does not in time."""
        self._do("restart", timeout=timeout)
        self.wait_ready()

    def pause(self) -> None:
        """Freeze every process in it."""
        self._do("pause")

    def unpause(self) -> None:
        """Let a frozen one go on."""
        self._do("unpause")

    def status(self) -> str:
        """Docker's word for its state, or `missing`."""
        try:
            return str(engine.client().containers.get(self.container_name).status)
        except docker.errors.NotFound:
            return "missing"

    def wait_ready(self) -> None:
        """Wait until it serves; RigError when it does not in time."""

    def _do(self, verb: str, **options: Any) -> None:
        try:
            container = engine.client().containers.get(self.container_name)
            getattr(container, verb)(**options)
        except docker.errors.APIError as error:
            raise RigError(
                f"{self.container_name} cannot {verb}: {error.explanation or error}"
            ) from error


@dataclass(frozen=True)
class Plan:
    """How a member's container is made."""

    image: str
    command: Sequence[str] | None = None
    files: Sequence[File] = ()
    ports: Mapping[int, int] = field(default_factory=dict)  # inside: on 127.0.0.1
    aliases: Sequence[str] = ()
    stop_signal: str = "SIGTERM"
    host: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)  # HostConfig that the SDK does not know


def create(member: Member, plan: Plan) -> None:
    """Make a member's container and put its files in, without starting it."""
    api = engine.client().api
    host = api.create_host_config(
        init=True,
        network_mode=member.identity.name,
        port_bindings={inside: ("127.0.0.1", port) for inside, port in plan.ports.items()},
        **plan.host,
    )
    endpoint = api.create_endpoint_config(ipv4_address=member.address, aliases=list(plan.aliases))
    endpoints: Any = {member.identity.name: endpoint}
    try:
        made = api.create_container(
            plan.image,
            command=list(plan.command) if plan.command else None,
            name=member.container_name,
            hostname=member.role,
            labels=member.identity.labels,
            ports=list(plan.ports),
            stop_signal=plan.stop_signal,
            host_config={**host, **plan.extra},
            networking_config=api.create_networking_config(endpoints),
        )
        if plan.files:
            api.put_archive(made["Id"], "/", archive(plan.files))
    except docker.errors.APIError as error:
        raise RigError(f"{member.container_name} could not be made: {error.explanation}") from error


def archive(files: Sequence[File]) -> bytes:
    """The files as a tar archive that unpacks at the root."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for file in files:
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode, entry.uid, entry.gid = (
                len(file.content),
                file.mode,
                file.owner,
                file.owner,
            )
            tar.addfile(entry, io.BytesIO(file.content))
    return buffer.getvalue()
