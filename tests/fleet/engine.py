"""The Docker Engine that carries the rig."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import docker
import docker.errors
import requests

from .errors import COMMAND, RigError

API_TIMEOUT = 120  # seconds; the longest single call removes a server with its images
#: What any call of the engine's client may raise.
FAILURES = (docker.errors.DockerException, requests.RequestException)


@cache
def client() -> docker.DockerClient:
    """A client of the engine that answers here; raises RigError when none does."""
    found = connect()
    if found is None:
        raise RigError(
            "no Docker Engine answers on this machine: "
            f"run '{COMMAND} engine' as root, or start Docker yourself"
        )
    return found


def connect(timeout: int = API_TIMEOUT) -> docker.DockerClient | None:
    """A client if an engine answers, else None. `timeout` is seconds for every later call.

    RigError when there is one that this user may not speak to.
    """
    try:
        candidate = docker.from_env(timeout=timeout)
        candidate.ping()
    except FAILURES as error:
        if forbidden(error):
            raise RigError(
                "the Docker Engine's socket refuses this user (permission denied): add yourself to "
                "the group docker with 'sudo usermod -aG docker $USER' and log in again, or be root"
            ) from error
        return None
    return candidate


def forbidden(error: BaseException | None) -> bool:
    """Whether a missing permission is behind an error, however deep the client has wrapped it."""
    while error is not None:
        if isinstance(error, PermissionError):
            return True
        error = error.__cause__ or error.__context__
    return False


def explain(error: Exception) -> str:
    """What the engine said when a call failed, on one line."""
    said = getattr(error, "explanation", None) or error
    return " ".join(str(said).split()) or type(error).__name__


def programs() -> list[str]:
    """Every docker command on the PATH, first one first, each real file once."""
    found: dict[str, str] = {}
    for folder in os.get_exec_path():
        path = shutil.which("docker", path=folder)
        if path:
            found.setdefault(str(Path(path).resolve()), path)
    return list(found.values())


@cache
def program() -> str:
    """The docker command used for exec; raises RigError when there is none."""
    for candidate in programs():
        answer = subprocess.run([candidate, "--version"], capture_output=True, check=False)
        if answer.returncode == 0:
            return candidate
    raise RigError("no docker command on the PATH: install Debian's docker.io package")
