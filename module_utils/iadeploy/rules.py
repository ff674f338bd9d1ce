"""Which names and configurations are allowed. Pure."""

from __future__ import annotations

import posixpath
import re

from .errors import DeployError
from .spec import Health, Runtime
from .traffic import Limits

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_RELEASE_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[a-z0-9]{4,12}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_URL_PATH = re.compile(r"/[!-~]*")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]{0,253}")
# The engine's socket, and the folders that it can be reached through.
_HANDED_OVER = ("/", "/run", "/var", "/var/run", "/run/docker.sock", "/var/run/docker.sock")
_VOLUME = re.compile(r"(?:/[^:\0]+|[a-zA-Z0-9][a-zA-Z0-9_.-]+):/[^:\0]*(?::ro)?")


def check_name(name: str, where: str) -> str:
    """Return ``name`` when it can name containers, folders and proxy sections.

    Raises:
        DeployError: it cannot.
    """
    return _check(
        _NAME,
        name,
        where,
        "a lower-case letter, then up to 30 lower-case letters, digits or hyphens",
    )


def check_release_id(release_id: str) -> str:
    """Return ``release_id`` when it has the form ``YYYYMMDD-HHMMSS-xxxx``.

    Raises:
        DeployError: it has not.
    """
    return _check(_RELEASE_ID, release_id, "release", "an id as 'iactl history' prints it")


def check_runtime(runtime: Runtime) -> Runtime:
    """Return ``runtime`` when every part of it is sound.

    Raises:
        DeployError: a value is outside what is allowed; the sentence names it.
    """
    if not 1 <= runtime.port <= 65535:
        raise _refuse("app_port", str(runtime.port), "a port from 1 to 65535")
    for name in (*runtime.env, *runtime.secret_names):
        _check(_VARIABLE, name, "app_env and app_secrets", "letters, digits and underscores")
    both = sorted(set(runtime.env) & _secret_variables(runtime))
    if both:
        raise _refuse("app_env", ", ".join(both), "names that app_secrets does not set as well")
    if runtime.secrets_as not in ("file", "env"):
        raise _refuse("app_secrets_as", runtime.secrets_as, "'file' or 'env'")
    for volume in runtime.volumes:
        _check(_VOLUME, volume, "app_volumes", "'name:/path' or '/host/path:/path', and ':ro'")
        if _normal(volume.split(":")[0]) in _HANDED_OVER:
            raise _refuse("app_volumes", volume, "no mount that hands over the server")
    for path in runtime.tmpfs:
        if not path.startswith("/"):
            raise _refuse("app_tmpfs", path, "absolute paths")
    if not runtime.cpus >= 0:
        raise _refuse("app_cpus", str(runtime.cpus), "a number of processors, or 0 for no limit")
    return runtime


def check_health(health: Health) -> Health:
    """Return ``health`` when a candidate can be judged by it.

    Raises:
        DeployError: a value is outside what is allowed; the sentence names it.
    """
    _check(_URL_PATH, health.path, "app_health_path", "a path that begins with / and has no spaces")
    _check(_HOST, health.host, "app_domains", "host names")
    if not health.statuses or not all(100 <= status <= 599 for status in health.statuses):
        told = ", ".join(map(str, health.statuses))
        raise _refuse("app_health_statuses", told, "HTTP statuses, such as [200]")
    if health.consecutive < 1:
        raise _refuse("app_health_consecutive", str(health.consecutive), "1 or more")
    if not health.timeout > 0:
        raise _refuse("app_health_timeout", str(health.timeout), "seconds above 0")
    return health


def check_limits(limits: Limits) -> Limits:
    """Return ``limits`` when a release can be judged by them.

    Raises:
        DeployError: a value is outside what is allowed; the sentence names it.
    """
    if limits.min_requests < 1:
        raise _refuse("app_bake_min_requests", str(limits.min_requests), "1 or more")
    if not 0 <= limits.max_error_percent <= 100:
        told = str(limits.max_error_percent)
        raise _refuse("app_bake_max_error_percent", told, "a share from 0 to 100")
    if limits.latency_factor != 0 and not limits.latency_factor >= 1:
        told = str(limits.latency_factor)
        raise _refuse("app_bake_latency_factor", told, "1 or more, or 0 to leave it out")
    return limits


def _normal(path: str) -> str:
    """Return a path as the kernel sees it; a volume's name stays as it is."""
    return "/" + posixpath.normpath(path).lstrip("/") if path.startswith("/") else path


def _secret_variables(runtime: Runtime) -> set[str]:
    names = set(runtime.secret_names)
    return names | {f"{name}_FILE" for name in names} if runtime.secrets_as == "file" else names


def _check(pattern: re.Pattern[str], value: str, where: str, allowed: str) -> str:
    if pattern.fullmatch(value) is None:
        raise _refuse(where, value, allowed)
    return value


def _refuse(where: str, value: str, allowed: str) -> DeployError:
    return DeployError(f"{where}: {value[:80]!a} is not allowed", f"Use {allowed}", cause="input")
