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

from .errors import RigError

API_TIMEOUT = 120  # seconds; the longest single call removes a server with its images


@cache
def client() -> docker.DockerClient:
    """A client of the engine that answers here; raises RigError when none does."""
    found = connect()
    if found is None:
        raise RigError(
            "no Docker Engine answers on this machine: "
            "run 'python -m tests.fleet engine' as root, or start Docker yourself"
        )
    return found


def connect(timeout: int = API_TIMEOUT) -> docker.DockerClient | None:
    """A client if an engine answers, else None. `timeout` is seconds for every later call."""
    try:
        candidate = docker.from_env(timeout=timeout)
        candidate.ping()
    except (docker.errors.DockerException, requests.RequestException):
        return None
    return candidate


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
