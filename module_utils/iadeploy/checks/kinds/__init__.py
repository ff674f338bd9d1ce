"""One file per kind of check; a kind's libraries are imported when a check of it is there."""

from __future__ import annotations

from collections.abc import Iterable

from ..verdict import Attempt, Probe, Verdict

# Debian's package for each library that a kind imports.
PACKAGES = {
    "docker": "python3-docker",
    "psycopg2": "python3-psycopg2",
    "redis": "python3-redis",
    "requests": "python3-requests",
    "urllib3": "python3-urllib3",
}


def load(kinds: Iterable[str]) -> dict[str, Probe]:
    """Return the probe of each kind; imports happen here, so that no latency contains one."""
    return {kind: _load(kind) for kind in set(kinds)}


def _load(kind: str) -> Probe:
    try:
        return _find(kind)
    except ImportError as error:
        return _missing((error.name or "").partition(".")[0])


def _find(kind: str) -> Probe:
    """Each import is written out: Ansible packs what it can read here, and nothing else."""
    # pylint: disable=import-outside-toplevel,too-many-return-statements
    if kind == "http":
        from . import http

        return http.probe
    if kind == "container":
        from . import container

        return container.probe
    if kind == "command":
        from . import command

        return command.probe
    if kind == "postgres":
        from . import postgres

        return postgres.probe
    if kind == "redis":
        from . import redis

        return redis.probe
    if kind == "tls":
        from . import tls

        return tls.probe
    if kind == "tcp":
        from . import tcp

        return tcp.probe
    if kind == "service":
        from . import service

        return service.probe
    from . import disk

    return disk.probe


def _missing(library: str) -> Probe:
    """Return the probe of a kind whose library is not there."""
    package = PACKAGES.get(library, library)

    def probe(check: object, attempt: Attempt) -> Verdict:
        del check, attempt
        cause = f"Python's {library} package is missing on this host"
        hint = f"install the Debian package {package}, as 'iactl bootstrap' does"
        return Verdict(False, "not possible", cause, hint, final=True)

    return probe
