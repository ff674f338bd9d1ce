"""A container that does one thing and ends: no slot, no traffic, removed afterwards."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .container import Container, Placement, creation_request
from .errors import DeployError
from .host import Host
from .spec import Release
from .tether import check_tether

_INTERVAL = 0.1  # seconds between two looks
_GRACE = 5  # seconds between SIGTERM and SIGKILL; a migration may roll back in them
_LOG_LINES = 400


@dataclass(frozen=True)
class Task:
    """What the container does.

    Attributes:
        name: its name; the same one every time, so that two never run at once.
        command: arguments instead of the image's own command.
        entrypoint: what runs instead of the image's entry point; empty for the image's own.
        variables: environment variables besides the release's.
        offline: whether it has no network at all.
        timeout: seconds it may take.
    """

    name: str
    command: tuple[str, ...]
    entrypoint: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    offline: bool = False
    timeout: float = 60.0


@dataclass(frozen=True)
class Ended:
    """How it ended.

    Attributes:
        exit_code: the program's exit code.
        output: the last part of what it printed, as it is: it may hold secrets.
    """

    exit_code: int
    output: bytes


def task_request(
    release: Release, task: Task, network: str, secrets_folder: str, secrets: dict[str, str]
) -> dict[str, Any]:
    """Return the engine's request: the release's container, without its slot. Pure."""
    placement = Placement("", "none" if task.offline else network, "", secrets_folder)
    request = creation_request(release, placement, secrets)
    request["NetworkingConfig"] = {}
    request["Cmd"] = list(task.command)
    request["Env"] = [*request["Env"], *task.variables]
    if task.entrypoint:
        request["Entrypoint"] = list(task.entrypoint)
    return request


def run_task(host: Host, release: Release, task: Task, secrets: dict[str, str]) -> Ended:
    """Run the task to its end and remove its container.

    A container that the engine cannot remove is left to the next task of its name: how this one
    ended counts more.

    Raises:
        DeployError: it could not be started, took too long, or the controller has gone.
    """
    folder = str(host.store.secrets_folder(release.id))
    request = task_request(release, task, host.settings.network, folder, secrets)
    remove_task(host, task.name)
    try:
        host.engine.create(task.name, request)
        if secrets and release.runtime.secrets_as == "file":
            user = host.engine.image_facts(release.image).user
            host.store.own_secrets(release.id, *host.engine.user_ids(task.name, user))
        host.engine.start(task.name)
        ended = _wait(host, task)
        return Ended(ended.exit_code, host.engine.logs(task.name, _LOG_LINES))
    except DeployError as error:
        error.evidence.setdefault("output", _words(host, task.name))
        raise
    finally:
        with suppress(DeployError):
            remove_task(host, task.name)


def remove_task(host: Host, name: str) -> bool:
    """Stop and remove a task's container; tell whether there was one, as a killed run leaves."""
    there = host.engine.inspect(name)
    if there is None:
        return False
    if there.running:
        # To its end: the database must not be left to somebody who is still at work.
        host.engine.stop(name, _GRACE, may_go_on=None)
    host.engine.remove(name)
    return True


def _wait(host: Host, task: Task) -> Container:
    deadline = time.monotonic() + task.timeout
    while True:
        container = host.engine.inspect(task.name)
        if container is None:
            raise DeployError(f"somebody removed the container {task.name} while it ran")
        if container.state == "exited":
            return container
        if container.state == "dead":
            raise DeployError(f"the container {task.name} died: {container.error[:200]}")
        check_tether()
        if time.monotonic() >= deadline:
            raise DeployError(f"it did not end within {task.timeout:g} s", cause="timeout")
        time.sleep(_INTERVAL)


def _words(host: Host, name: str) -> bytes:
    try:
        return host.engine.logs(name, _LOG_LINES)
    except DeployError:
        return b""
