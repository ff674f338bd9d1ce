"""What a container may do that it should not. Pure.

Field names: Docker Engine API 1.41, ``/containers/create``; compose specification; the module
docker_container.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_ENGINE_SOCKET = re.compile(r"docker\.sock|containerd\.sock|podman\.sock")
_HOST_FOLDER = re.compile(
    r"^/(?:etc|root|boot|dev|proc|sys|run|var|var/run|var/lib(?:/docker)?)?/?$"
)
# With one of these a process gets out of its container, or into others.
_CAPABILITIES = frozenset(
    ("ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "NET_ADMIN", "DAC_READ_SEARCH")
)
_NO_NEW_PRIVILEGES = frozenset(("no-new-privileges", "no-new-privileges:true"))
_EVERYWHERE = frozenset(("", "0.0.0.0", "::", "[::]"))  # nosec B104 - what is refused
_DATABASE_IMAGE = re.compile(
    r"^(?:[^\s]*/)?(?:postgres(?:ql)?|postgis|pgvector|timescaledb|redis|valkey|keydb)(?:[:@]|$)"
)


def request_faults(request: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a creation request to the engine."""
    host = request.get("HostConfig") or {}
    if not host.get("ReadonlyRootfs"):
        yield "the container's root file system is writable; set app_read_only"
    if host.get("Privileged"):
        yield "the container is privileged"
    for field in ("NetworkMode", "PidMode", "IpcMode", "UsernsMode"):
        if host.get(field) == "host":
            yield f"the container shares the server's own ({field})"
    options = set(host.get("SecurityOpt") or [])
    if not options & _NO_NEW_PRIVILEGES:
        yield "the container lacks no-new-privileges"
    yield from (f"the container has {one}" for one in sorted(options) if "unconfined" in one)
    for bind in host.get("Binds") or []:
        yield from _bind(str(bind))
    for name in sorted({str(one).upper() for one in host.get("CapAdd") or []} & _CAPABILITIES):
        yield f"the container has the capability {name}"
    for port, places in (host.get("PortBindings") or {}).items():
        if any(place.get("HostIp", "") in _EVERYWHERE for place in places or []):
            yield f"the container publishes {port} on every address"


def declared_faults(declared: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a container in a compose file or an Ansible task."""
    image = str(declared.get("image", ""))
    if declared.get("privileged") is True:
        yield f"{image} is privileged"
    for volume in _list(declared.get("volumes")):
        source = volume.get("source", "") if isinstance(volume, Mapping) else str(volume)
        if _ENGINE_SOCKET.search(str(source)):
            yield f"{image} reaches the engine's socket"
    if _DATABASE_IMAGE.match(image):
        if "host" in (declared.get("network_mode"), declared.get("network")):
            yield f"{image} listens on the server's own addresses"
        ports = (*_list(declared.get("ports")), *_list(declared.get("published_ports")))
        if any(_on_every_address(port) for port in ports):
            yield f"{image} publishes a port on every address"


def _bind(bind: str) -> Iterator[str]:
    source = bind.split(":")[0]
    if _ENGINE_SOCKET.search(source):
        yield "the container reaches the engine's socket"
    elif _HOST_FOLDER.match(source) and source:
        yield f"the container reaches the server's {source}"


def _on_every_address(port: Any) -> bool:
    if isinstance(port, Mapping):
        return str(port.get("host_ip", "")) in _EVERYWHERE
    host = str(port).rpartition("/")[0] or str(port)
    return host.count(":") < 2 or host.rsplit(":", 2)[0] in _EVERYWHERE


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
