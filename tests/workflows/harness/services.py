"""A job's services, from the rig's own image: there is no Docker Hub on every machine."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Iterator
from typing import Any

import docker

from tests.fleet import images, ports
from tests.fleet.waiting import wait_until

from ..expressions import Closed
from ..model import Job
from .errors import HarnessError

_POSTGRES = (
    "printf '%s\\n' 'local all postgres peer' 'host all all all trust' "
    "> /etc/postgresql/15/main/pg_hba.conf && "
    "install -d -o postgres -g postgres -m 2775 /run/postgresql && "
    "{ until setpriv --reuid postgres --regid postgres --init-groups psql -qc "
    "'CREATE ROLE test LOGIN SUPERUSER' -c 'CREATE DATABASE test OWNER test' 2>/dev/null; "
    "do sleep 0.1; done & } && "
    "exec setpriv --reuid postgres --regid postgres --init-groups "
    "/usr/lib/postgresql/15/bin/postgres -c config_file=/etc/postgresql/15/main/postgresql.conf"
)
_REDIS = "exec redis-server --bind 0.0.0.0 --protected-mode no --save ''"
# What a service's image is started as, its port, and the settings it stands for.
_KNOWN: dict[str, tuple[str, int, dict[str, str]]] = {
    "postgres": (_POSTGRES, 5432, {"POSTGRES_USER": "test", "POSTGRES_HOST_AUTH_METHOD": "trust"}),
    "redis": (_REDIS, 6379, {}),
}
_BOOT = 60.0  # seconds


@contextlib.contextmanager
def running(job: Job) -> Iterator[Closed]:
    """Start a job's services and yield the context `job.services`; raises HarnessError."""
    with contextlib.ExitStack() as stack:
        found = Closed()
        for service, about in job.content.get("services", {}).items():
            found[service] = stack.enter_context(_service(service, about))
        yield found


@contextlib.contextmanager
def _service(service: str, about: dict[str, Any]) -> Iterator[Closed]:
    kind = str(about["image"]).partition(":")[0]
    if kind not in _KNOWN:
        raise HarnessError(f"the harness does not know the service {kind}")
    command, port, settings = _KNOWN[kind]
    if about.get("env", {}) != settings:
        raise HarnessError(f"the harness starts {kind} with {settings}, not with {about['env']}")
    client = docker.from_env()
    outside = ports.free_port()
    container = client.containers.run(
        images.services(),
        ["sh", "-c", command],
        name=f"iadeploy-workflow-{service}-{secrets.token_hex(3)}",
        ports={f"{port}/tcp": ("127.0.0.1", outside)},
        detach=True,
    )
    try:
        wait_until(lambda: _answers(kind, outside), f"an answer of {service}", deadline=_BOOT)
        yield Closed(id=container.id, network="", ports=Closed({str(port): str(outside)}))
    finally:
        container.remove(force=True, v=True)
        client.close()


def _answers(kind: str, port: int) -> bool:
    """Whether it talks; PostgreSQL says yes (N: without TLS) or no to a request for TLS."""
    question = b"\x00\x00\x00\x08\x04\xd2\x16\x2f" if kind == "postgres" else b"PING\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.settimeout(2)
            connection.sendall(question)
            return connection.recv(1) in (b"N", b"S", b"+")
    except OSError:
        return False
