"""S9: audit logging is configured."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...runner.values import RoleValues, Server
from ..logrotate import deleted_early
from ..pointers import pointer_fault
from ..project import Project
from ..settings import FILE, Settings
from ..verdict import Finding, Verdict, judged, together
from .context import Source

# Docker's logging drivers that send a container's log off the server.
_FORWARDING = frozenset(("awslogs", "fluentd", "gcplogs", "gelf", "splunk", "syslog"))
_DATABASE = re.compile(
    r"(?:^|_)(?:database|db|postgres(?:ql)?|pg)_?(?:url|uri|dsn)$", re.IGNORECASE
)
_LOGROTATE = re.compile(r"(?:^|/)(?:logrotate\.d/[^/]+|[^/]*logrotate[^/.]*(?:\.conf)?(?:\.j2)?)$")
_WHAT = {
    "sink": "where the application records who did what",
    "database_log": "that PostgreSQL logs connections and changes of the schema",
}


def check(source: Source) -> Verdict:
    """Look at what hipaa.toml points to, at the engine's log driver, and at logrotate's files."""
    settings, project = source.project.settings, source.project

    def look(place: str, server: Server) -> Verdict:
        release, host = (server.role(source.role(name)) for name in ("release", "host"))
        names = {*release.value("release_secrets"), *release.value("release_env")}
        texts = [
            *_retention(settings),
            *_pointers(project, "database_log" if any(map(_DATABASE.search, names)) else ""),
            *_forwarding(host),
        ]
        return judged([Finding(text, place, 0, text) for text in texts], 4, "audit settings")

    asked = source.each_server(look)
    rotated = [found for path, text in project.texts() for found in in_file(path, text, settings)]
    return together([("", asked), ("", judged(rotated, 1, "trees with logrotate files"))])


def in_file(path: str, text: str, settings: Settings) -> Iterator[Finding]:
    """Yield the audit logs that a logrotate file deletes too early; nothing for another file."""
    if not _LOGROTATE.search(path):
        return
    for log, kept in deleted_early(text, settings.audit_retention_days):
        said = f"logrotate deletes {log} after {kept} days; keep {settings.audit_retention_days}"
        yield Finding(said, path, 0, log)


def driver_faults(options: Mapping[str, Any], size: str, files: int) -> Iterator[str]:
    """Yield why the engine's log driver keeps no log. Pure.

    Args:
        options: keys of the engine's daemon.json beside the role's own.
        size: at which the engine rotates a container's log by default.
        files: how many of them it keeps.
    """
    driver = str(options.get("log-driver", "json-file"))
    if driver not in _FORWARDING:
        yield (
            f"container logs stay on the server: log-driver {driver} keeps {files} files of {size}"
            " and deletes older ones; set another driver in host_docker_options"
        )


def _forwarding(host: RoleValues) -> Iterator[str]:
    options = host.value("host_docker_options")
    size, files = host.value("host_log_max_size"), int(host.value("host_log_max_files"))
    yield from driver_faults(options, size, files)


def _retention(settings: Settings) -> Iterator[str]:
    kept, wanted = settings.audit_kept_days, settings.audit_retention_days
    if kept == 0:
        yield f"nothing says how long audit records are kept: set audit_kept_days in {FILE}"
    elif kept < wanted:
        yield f"audit records are kept for {kept} days; the policy is {wanted}"


def _pointers(project: Project, database_log: str) -> Iterator[str]:
    for name in filter(None, ("sink", database_log)):
        pointer = project.settings.audit.get(name)
        fault = pointer_fault(project, f"audit.{name}", pointer, _WHAT[name])
        if fault:
            yield fault
