"""A job's secrets, read from its environment and checked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..doctor.needs import application_names
from ..exits import CommandError, Exit
from . import material


@dataclass(frozen=True)
class Given:
    """A job's secrets, checked.

    Attributes:
        addresses: of the servers.
        user: log-in name on the servers, or an empty string for the inventory's.
        key: private key.
        host_keys: known hosts.
        vault: password of Ansible's vault, or an empty string.
        registry: user and password for the servers' pulls, or two empty strings.
        application: the application's secrets by name.
    """

    addresses: list[str]
    user: str
    key: str
    host_keys: str
    vault: str
    registry: tuple[str, str]
    application: dict[str, str]


def read(environment: str, environ: Mapping[str, str]) -> Given:
    """Return a job's secrets from its environment.

    Raises:
        CommandError: one is missing or wrong; the sentence never tells a value.
    """
    where = material.addresses_name(environment)
    missing = [one for one in (material.KEY, material.HOST_KEYS, where) if not environ.get(one)]
    if missing:
        raise CommandError(
            Exit.BAD_INPUT,
            f"Not set here: {', '.join(missing)}.",
            "docs/secrets.md says how to make each; 'iactl doctor --github' what else is missing.",
        )
    username, password = (environ.get(one, "") for one in material.REGISTRY)
    if bool(username) != bool(password):
        raise CommandError(
            Exit.BAD_INPUT, f"Of {' and '.join(material.REGISTRY)} one is not set.", "Set both."
        )
    return Given(
        addresses=material.addresses(where, environ[where]),
        user=material.user(environ[material.USER]) if environ.get(material.USER) else "",
        key=material.private_key(environ[material.KEY]),
        host_keys=material.host_keys(environ[material.HOST_KEYS]),
        vault=environ.get(material.VAULT, ""),
        registry=(username, password),
        application=material.application(environ, application_names()),
    )
