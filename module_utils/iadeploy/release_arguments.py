"""What the modules take of a release, and how it becomes the release that the phases work with."""

from __future__ import annotations

from typing import Any

from .container import parse_size
from .errors import DeployError
from .process_arguments import build_processes
from .reference import is_digest, parse_reference
from .rules import check_health, check_release_id, check_runtime
from .spec import Health, Release, Runtime

# Ansible masks a secret's value wherever it stands in a result; a short one would mask digests.
_MIN_SECRET = 8


def build_health(options: dict[str, Any]) -> Health:
    """Return when a release counts as healthy.

    Raises:
        DeployError: a setting is not allowed.
    """
    values = dict(options)
    if "statuses" in values:
        values["statuses"] = tuple(values["statuses"])
    return check_health(Health(**values))


def build_release(params: dict[str, Any]) -> tuple[Release, dict[str, str]]:
    """Return the release that a module's parameters describe, and its secret values.

    Raises:
        DeployError: a parameter is not allowed.
    """
    reference = parse_reference(params["image"])
    digest = params["digest"] or reference.digest
    if digest and not is_digest(digest):
        raise DeployError(
            f"digest {digest[:80]!a} is not allowed",
            "Use sha256: and 64 hex digits",
            cause="input",
        )
    secrets = {str(name): str(value) for name, value in params["secrets"].items()}
    parse_size(params["runtime"]["memory"])  # refuses here what would else end a prepare
    asked_by = build_health(params["health"])
    release = Release(
        id=check_release_id(params["release"]),
        app=params["app"],
        repository=reference.repository,
        digest=digest,
        tag=reference.tag,
        runtime=check_runtime(_runtime(params["runtime"], check_secrets(secrets))),
        actor=params["actor"],
        migration=params.get("migrated") or {},
        health={"path": asked_by.path, "statuses": list(asked_by.statuses), "host": asked_by.host},
    )
    return release, secrets


def check_secrets(secrets: dict[str, str]) -> dict[str, str]:
    """Return the secrets when each is long enough to be one.

    Raises:
        DeployError: a value is empty or shorter than 8 characters; the sentence names the
            secret, never its value.
    """
    short = sorted(name for name, value in secrets.items() if len(value) < _MIN_SECRET)
    if short:
        raise DeployError(
            f"app_secrets: {', '.join(short)} has fewer than {_MIN_SECRET} characters",
            "Set a real secret, or move a value that is none to app_env",
            cause="input",
        )
    return secrets


def _runtime(options: dict[str, Any], secrets: dict[str, str]) -> Runtime:
    values = dict(options)
    values["env"] = {str(name): _text(value) for name, value in values["env"].items()}
    for name in ("command", "volumes", "tmpfs", "cap_drop", "cap_add"):
        values[name] = tuple(values[name])
    values["processes"] = build_processes(values["processes"])
    return Runtime(secret_names=tuple(sorted(secrets)), **values)


def _text(value: Any) -> str:
    """YAML's true is the environment's ``true``, and its null is an empty value."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
