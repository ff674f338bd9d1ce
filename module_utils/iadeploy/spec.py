"""What a release is: an image by digest and the configuration it runs with. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

SCHEMA = 1
PER_HOST, PER_FLEET = "host", "fleet"
_RUNTIME_LISTS = ("secret_names", "command", "volumes", "tmpfs", "cap_drop", "cap_add")


@dataclass(frozen=True)
class Health:
    """When a candidate counts as healthy.

    Attributes:
        path: path of the health endpoint on the application's port.
        statuses: HTTP statuses that mean healthy.
        host: Host header, or an empty string for the address itself.
        consecutive: good answers in a row that are asked for.
        timeout: seconds for one request.
        deadline: seconds from start to healthy, after which the candidate is given up.
        interval: seconds between two attempts.
        version: the version the endpoint must report; an empty string checks none.
    """

    path: str = "/"
    statuses: tuple[int, ...] = (200,)
    host: str = ""
    consecutive: int = 2
    timeout: float = 3.0
    deadline: float = 60.0
    interval: float = 0.1
    version: str = ""


@dataclass(frozen=True)
class Process:
    """What runs beside the web process, from the same image, environment and secrets.

    Attributes:
        name: its name in ``app_processes``.
        command: arguments instead of the image's own command.
        count: how many of it run on a host that runs it.
        per: ``host``, or ``fleet`` for one host of all.
        stop_seconds: grace between SIGTERM and SIGKILL, 0 for the application's own.
        memory: limit as Docker writes it, or an empty string for the application's own.
        cpus: limit in processors, 0 for the application's own.
    """

    name: str
    command: tuple[str, ...]
    count: int = 1
    per: str = PER_HOST
    stop_seconds: int = 0
    memory: str = ""
    cpus: float = 0.0


@dataclass(frozen=True)
class Runtime:
    """How the container runs; two releases with equal runtimes differ in nothing else.

    Attributes:
        port: port that the application listens on inside its container.
        env: environment variables that are no secrets.
        secret_names: names of the secrets; their values are kept in files, never here.
        secrets_as: ``file`` (``/run/secrets/NAME`` and ``NAME_FILE``) or ``env``.
        command: arguments instead of the image's own command.
        volumes: ``source:/target[:ro]``; source is a volume's name or an absolute path.
        tmpfs: paths inside the container that are kept in memory.
        read_only: whether the root filesystem is read-only.
        memory: limit as Docker writes it (``512m``), or an empty string for none.
        cpus: limit in processors, 0 for none.
        pids: how many processes the container may have.
        cap_drop: Linux capabilities taken away.
        cap_add: Linux capabilities given back.
        processes: what runs beside this container.
    """

    port: int = 8000
    env: dict[str, str] = field(default_factory=dict)
    secret_names: tuple[str, ...] = ()
    secrets_as: str = "file"
    command: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    tmpfs: tuple[str, ...] = ()
    read_only: bool = False
    memory: str = ""
    cpus: float = 0.0
    pids: int = 512
    cap_drop: tuple[str, ...] = ("ALL",)
    cap_add: tuple[str, ...] = ()
    processes: tuple[Process, ...] = ()

    @property
    def config_hash(self) -> str:
        """SHA-256 over the canonical JSON of this runtime, secret values left out."""
        import hashlib  # pylint: disable=import-outside-toplevel  # late: it loads OpenSSL

        values = asdict(self)
        if not self.processes:  # as the records say that were written before there were any
            del values["processes"]
        return hashlib.sha256(canonical_json(values).encode()).hexdigest()


@dataclass(frozen=True)
class Release:
    """One release of one application, as it is kept on every host.

    Attributes:
        id: sortable by time, the same on all hosts.
        app: the application's name.
        repository: the image without tag and digest.
        digest: the image's digest.
        tag: the tag it was asked for by, for people only.
        runtime: how its container runs.
        version: the image's ``org.opencontainers.image.version``, or an empty string.
        revision: the image's ``org.opencontainers.image.revision``, or an empty string.
        actor: who deployed it.
        created_at: UTC time of preparation, ISO 8601.
        committed_at: UTC time of its first commit, an empty string before.
        previous: id of the release that served before its first commit.
        migration: what its migration came to (``Migrated``), empty where it has none.
        health: path, statuses and host name by which its health is asked for; None in records
            that were written before they told it.
    """

    id: str
    app: str
    repository: str
    digest: str
    tag: str
    runtime: Runtime
    version: str = ""
    revision: str = ""
    actor: str = ""
    created_at: str = ""
    committed_at: str = ""
    previous: str = ""
    migration: dict[str, Any] = field(default_factory=dict)
    health: dict[str, Any] | None = None

    @property
    def image(self) -> str:
        """The image by digest."""
        return f"{self.repository}@{self.digest}"

    @property
    def container(self) -> str:
        """The name of this release's container."""
        return f"{self.app}-{self.id}"

    @property
    def label(self) -> str:
        """How people name this release: its version, else its tag, else its digest's head."""
        return self.version or self.tag or self.digest[7:19]

    def summary(self) -> dict[str, Any]:
        """Return what reports show; no configuration values."""
        return {
            "id": self.id,
            "version": self.label,
            "revision": self.revision,
            "image": self.image,
            "tag": self.tag,
            "digest": self.digest,
            "config_hash": self.runtime.config_hash,
            "actor": self.actor,
            "created_at": self.created_at,
            "committed_at": self.committed_at,
            "previous": self.previous,
            "migration": self.migration,
        }

    def to_json(self) -> dict[str, Any]:
        """Return the record that is written to disk."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Release:
        """Read a record back.

        Raises:
            ValueError: the record has another schema or lacks a field.
        """
        if not isinstance(record, dict):
            raise ValueError("no JSON object")
        if record.get("schema") != SCHEMA:
            raise ValueError(f"schema {record.get('schema')!r} instead of {SCHEMA}")
        values = {key: value for key, value in record.items() if key != "schema"}
        try:
            runtime = dict(values.pop("runtime"))
            for name in _RUNTIME_LISTS:
                runtime[name] = tuple(runtime[name])
            runtime["processes"] = tuple(
                Process(**{**one, "command": tuple(one["command"])})
                for one in runtime.get("processes", ())
            )
            return cls(runtime=Runtime(**runtime), **values)
        except (KeyError, TypeError) as error:
            raise ValueError(f"incomplete release record: {error}") from error

    def with_image_facts(self, version: str, revision: str) -> Release:
        """Return this release with what the image says of itself."""
        return replace(self, version=version, revision=revision)


def canonical_json(value: Any) -> str:
    """Return JSON that is equal for equal values: sorted keys, no white space."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
