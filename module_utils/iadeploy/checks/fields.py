"""Every option of a check: type, kinds, bounds. The argument spec is made of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

KINDS = (
    "http",
    "tcp",
    "tls",
    "container",
    "service",
    "postgres",
    "redis",
    "disk",
    "command",
)
DEFAULT_PORTS = {"tls": 443, "postgres": 5432, "redis": 6379}


@dataclass(frozen=True)
class Field:
    """One option.

    Attributes:
        type: as in an argument spec: ``str``, ``int``, ``float``, ``bool``, ``list``, ``dict``.
        kinds: the kinds of check that take it; empty for all.
        default: the value when it is left out; None for no value.
        elements: the type of a list's elements.
        required: whether every check must have it.
        choices: the values allowed; empty for any.
        least: the smallest number allowed.
        most: the largest number allowed.
        secret: the value is never shown.
    """

    type: str = "str"
    kinds: tuple[str, ...] = ()
    default: Any = None
    elements: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    secret: bool = False

    def option(self) -> dict[str, Any]:
        """Return the field as Ansible's argument spec has it."""
        told: dict[str, Any] = {"type": self.type}
        if self.elements:
            told["elements"] = self.elements
        if self.required:
            told["required"] = True
        if self.default is not None:
            told["default"] = self.default
        if self.choices:
            told["choices"] = list(self.choices)
        if self.secret:
            told["no_log"] = True
        return told


_LOGIN = ("http", "postgres", "redis")
_REMOTE = ("tcp", "tls", "postgres", "redis")

CHECK_FIELDS: dict[str, Field] = {
    "name": Field(required=True),
    "kind": Field(required=True, choices=KINDS),
    "severity": Field(default="critical", choices=("critical", "warning")),
    "timeout": Field("float", default=5.0, least=0.01, most=3600),
    "retries": Field("int", default=0, least=0, most=1000),
    "delay": Field("float", default=0.5, least=0, most=3600),
    "backoff": Field("float", default=2.0, least=1, most=10),
    "max_delay": Field("float", default=10.0, least=0, most=3600),
    "jitter": Field("float", default=0.25, least=0, most=1),
    "consecutive": Field("int", default=1, least=1, most=100),
    "depends_on": Field(default=""),
    "url": Field(kinds=("http",)),
    "path": Field(kinds=("http",)),
    "address": Field(kinds=("http", "tls")),
    "method": Field(kinds=("http",), default="GET", choices=("GET", "HEAD")),
    "host_header": Field(kinds=("http",)),
    "headers": Field("dict", kinds=("http",)),
    "secret_headers": Field("dict", kinds=("http",), secret=True),
    "token": Field(kinds=("http",), secret=True),
    "redirects": Field("int", kinds=("http",), default=0, least=0, most=20),
    "tls_verify": Field("bool", kinds=("http", "redis"), default=True),
    "ca_file": Field(kinds=("http", "tls", "postgres", "redis")),
    "host": Field(kinds=_REMOTE),
    "port": Field("int", kinds=_REMOTE, least=1, most=65535),
    "server_name": Field(kinds=("tls",)),
    "username": Field(kinds=_LOGIN),
    "password": Field(kinds=_LOGIN, secret=True),
    "dsn": Field(kinds=("postgres", "redis"), secret=True),
    "database": Field(kinds=("postgres",)),
    "sslmode": Field(
        kinds=("postgres",), choices=("disable", "prefer", "require", "verify-ca", "verify-full")
    ),
    "query": Field(kinds=("postgres",), default="SELECT 1"),
    "db": Field("int", kinds=("redis",), default=0, least=0, most=1_000_000),
    "tls": Field("bool", kinds=("redis",), default=False),
    "write": Field("bool", kinds=("redis",), default=False),
    "container": Field(kinds=("container", "command")),
    "unit": Field(kinds=("service",)),
    "process": Field(kinds=("service",)),
    "folder": Field(kinds=("disk",), default="/"),
    "command": Field("list", kinds=("command",), elements="str"),
    "user": Field(kinds=("command",)),
    "expect": Field("dict"),
}

EXPECT_FIELDS: dict[str, Field] = {
    "max_latency": Field("float", least=0.001, most=3600),
    "status": Field("list", kinds=("http",), default=[200], elements="int", least=100, most=599),
    "body": Field(kinds=("http",)),
    "json": Field("dict", kinds=("http",)),
    "headers": Field("dict", kinds=("http",)),
    "version": Field(kinds=("http",)),
    "release": Field("bool", kinds=("http",), default=False),
    "days_left": Field("int", kinds=("tls",), default=14, least=0, most=3650),
    "state": Field(kinds=("container", "service")),
    "health": Field(kinds=("container",), choices=("healthy", "any")),
    "max_restarts": Field("int", kinds=("container",), least=0, most=1_000_000),
    "out_of_memory": Field("bool", kinds=("container",), default=False),
    "value": Field(kinds=("postgres",)),
    "migration_head": Field(kinds=("postgres",)),
    "settings": Field("dict", kinds=("postgres",)),
    "max_lag": Field("float", kinds=("postgres",), least=0, most=86_400_000),
    "min_free_mib": Field("int", kinds=("disk",), default=0, least=0, most=1 << 40),
    "min_free_percent": Field("float", kinds=("disk",), default=10.0, least=0, most=100),
    "min_free_inodes_percent": Field("float", kinds=("disk",), default=5.0, least=0, most=100),
    "exit_code": Field("int", kinds=("command",), default=0, least=0, most=255),
    "output": Field(kinds=("command",)),
}

MODULE_FIELDS: dict[str, Field] = {
    "checks": Field("list", elements="dict", required=True),
    "deadline": Field("float", default=60.0, least=0.1, most=86_400),
    "concurrency": Field("int", default=32, least=1, most=256),
    "base_url": Field(default=""),
    "address": Field(default=""),
    "container": Field(default=""),
    "release_version": Field(default=""),
    "log_file": Field(default=""),
    "log_max_bytes": Field("int", default=1 << 20, least=4096, most=1 << 30),
    "log_keep": Field("int", default=3, least=0, most=100),
}

SECRET_FIELDS = frozenset(name for name, field in CHECK_FIELDS.items() if field.secret)


def argument_spec() -> dict[str, Any]:
    """Return the module's argument spec."""
    check = {name: field.option() for name, field in CHECK_FIELDS.items()}
    check["expect"]["options"] = {name: field.option() for name, field in EXPECT_FIELDS.items()}
    spec = {name: field.option() for name, field in MODULE_FIELDS.items()}
    spec["checks"]["options"] = check
    return spec
