"""The Docker Engine's view of a release: labels, creation request, state. Pure.

Field names: Docker Engine API 1.41, ``/containers/create``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from .errors import DeployError
from .spec import Release, Runtime

LABEL_APP = "iadeploy.app"
LABEL_RELEASE = "iadeploy.release"
LABEL_SLOT = "iadeploy.slot"
LABEL_DIGEST = "iadeploy.digest"
LABEL_CONFIG = "iadeploy.config"
LABEL_VERSION = "iadeploy.version"
LABEL_PROCESS = "iadeploy.process"
LABEL_PER = "iadeploy.per"
SECRETS_TARGET = "/run/secrets"  # nosec B105 - a folder's name
_SIZE = re.compile(r"([0-9]+)([bkmg]?)", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


@dataclass(frozen=True)
class Container:
    """One container of an application as the engine reports it.

    Attributes:
        state: Docker's word: ``created``, ``running``, ``exited``, ``restarting``, …
        slot: blue or green; empty for all that gets no traffic.
        restarts: how often the engine restarted it; this and all that follow are only known after
            ``inspect``, up to ``stop_seconds``.
        exit_code: the last exit code; only meaningful once it has exited.
        out_of_memory: whether the kernel killed it for memory.
        kept: whether the engine starts it again after a crash or a reboot.
        started_at: when it was started last, in the engine's words.
        stop_signal: what tells it to end, when the image names another signal than SIGTERM.
        stop_seconds: its own grace between that signal and SIGKILL, 0 for none.
        process: name of the process beside the web process that runs in it, or empty.
        per: for a process, whether each host runs it or one of the fleet.
    """

    name: str
    state: str
    release: str
    slot: str
    digest: str
    config_hash: str
    version: str = ""
    restarts: int = 0
    exit_code: int = 0
    out_of_memory: bool = False
    error: str = ""
    kept: bool = False
    started_at: str = ""
    stop_signal: str = ""
    stop_seconds: int = 0
    process: str = ""
    per: str = ""

    @property
    def running(self) -> bool:
        """Whether it runs right now."""
        return self.state == "running"

    @property
    def alive(self) -> bool:
        """Whether it runs, or would run again by itself."""
        return self.state in ("running", "restarting", "paused")

    @classmethod
    def from_list(cls, row: dict[str, Any]) -> Container:
        """Read one row of ``GET /containers/json``."""
        return _labelled(row["Names"][0], row["State"], row.get("Labels") or {})

    @classmethod
    def from_inspect(cls, answer: dict[str, Any]) -> Container:
        """Read the answer to ``GET /containers/NAME/json``."""
        state, config = answer["State"], answer["Config"]
        policy = (answer.get("HostConfig") or {}).get("RestartPolicy") or {}
        container = _labelled(answer["Name"], state["Status"], config.get("Labels") or {})
        return replace(
            container,
            restarts=answer.get("RestartCount", 0),
            exit_code=state.get("ExitCode", 0),
            out_of_memory=state.get("OOMKilled", False),
            error=state.get("Error", ""),
            kept=policy.get("Name", "no") not in ("", "no"),
            started_at=state.get("StartedAt", ""),
            stop_signal=config.get("StopSignal") or "",
            stop_seconds=config.get("StopTimeout") or 0,
        )

    def summary(self) -> dict[str, Any]:
        """Return what reports show."""
        return {
            "container": self.name,
            "state": self.state,
            "release": self.release,
            "version": self.version,
            "digest": self.digest,
        }


def fate(container: Container | None) -> str:
    """Say what became of a container that should have run without a break, or nothing when it
    did."""
    if container is None:
        return "was removed"
    if container.restarts:
        times = "once" if container.restarts == 1 else f"{container.restarts} times"
        return f"crashed and was restarted {times}"
    if container.running:
        return ""
    if container.out_of_memory:
        return "was killed for memory"
    return f"exited with code {container.exit_code}"


def _labelled(name: str, state: str, labels: dict[str, str]) -> Container:
    return Container(
        name=name.lstrip("/"),
        state=state,
        release=labels.get(LABEL_RELEASE, ""),
        slot=labels.get(LABEL_SLOT, ""),
        digest=labels.get(LABEL_DIGEST, ""),
        config_hash=labels.get(LABEL_CONFIG, ""),
        version=labels.get(LABEL_VERSION, ""),
        process=labels.get(LABEL_PROCESS, ""),
        per=labels.get(LABEL_PER, ""),
    )


@dataclass(frozen=True)
class Placement:
    """Where a release's container goes on this host.

    Attributes:
        network: the Docker network that the ``host`` role made.
        address: the slot's fixed IPv4 address on it, equal after a reboot.
        secrets_folder: folder with the release's secret files, or an empty string.
    """

    slot: str
    network: str
    address: str
    secrets_folder: str = ""


def creation_request(
    release: Release, placement: Placement, secrets: dict[str, str]
) -> dict[str, Any]:
    """Return the engine's request body that creates a release's container.

    The candidate has no restart policy: one that crashes must be seen dead, not restarting.
    ``switch`` gives it ``unless-stopped`` (``on-failure`` as CIS 5.15 asks for would leave an
    application that exits 0 on SIGTERM stopped after the engine restarts).
    """
    runtime = release.runtime
    request: dict[str, Any] = {
        "Image": release.image,
        "Env": _environment(runtime, secrets),
        "Labels": {
            LABEL_APP: release.app,
            LABEL_RELEASE: release.id,
            LABEL_SLOT: placement.slot,
            LABEL_DIGEST: release.digest,
            LABEL_CONFIG: runtime.config_hash,
            LABEL_VERSION: release.label,
        },
        "HostConfig": _host_config(runtime, placement),
        "NetworkingConfig": {
            "EndpointsConfig": {
                placement.network: {"IPAMConfig": {"IPv4Address": placement.address}}
            }
        },
    }
    if runtime.command:
        request["Cmd"] = list(runtime.command)
    return request


def _environment(runtime: Runtime, secrets: dict[str, str]) -> list[str]:
    variables = dict(runtime.env)
    if runtime.secrets_as == "env":
        variables.update(secrets)
    else:
        variables.update({f"{name}_FILE": f"{SECRETS_TARGET}/{name}" for name in secrets})
    return [f"{name}={value}" for name, value in sorted(variables.items())]


def _host_config(runtime: Runtime, placement: Placement) -> dict[str, Any]:
    binds = list(runtime.volumes)
    if runtime.secret_names and runtime.secrets_as == "file":
        binds.append(f"{placement.secrets_folder}:{SECRETS_TARGET}:ro")
    return {
        "Binds": binds,
        "NetworkMode": placement.network,
        "RestartPolicy": {"Name": "no"},
        "ReadonlyRootfs": runtime.read_only,
        "Tmpfs": {path: "rw,nosuid,nodev" for path in runtime.tmpfs},
        "CapDrop": list(runtime.cap_drop),
        "CapAdd": list(runtime.cap_add),
        "SecurityOpt": ["no-new-privileges"],
        "Memory": parse_size(runtime.memory),
        "NanoCpus": int(runtime.cpus * 1_000_000_000),
        "PidsLimit": runtime.pids,
    }


def parse_size(text: str, where: str = "app_memory") -> int:
    """Return Docker's size notation (``512m``) in bytes; an empty string is 0, no limit.

    Args:
        where: the setting, for the sentence that refuses it.

    Raises:
        DeployError: the text is no size.
    """
    if not text:
        return 0
    match = _SIZE.fullmatch(text)
    if match is None:
        raise DeployError(
            f"{where}: {text[:40]!a} is not a size",
            "Write it as Docker does, such as 512m or 1g",
            cause="input",
        )
    return int(match[1]) * _UNITS[match[2].lower()]
