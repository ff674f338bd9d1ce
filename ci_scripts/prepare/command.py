"""``iactl ci prepare`` and ``iactl ci clean``."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .. import github
from ..environments import VARIABLE, Environment, find_environment
from ..exits import CommandError, Exit
from ..report import Report, count_servers
from ..runner.environment import VAULT_FILE
from ..runner.private import write_private
from . import folder, material, secrets, ssh
from .given import Given, read
from .hosts import HostsError, Placed, place

_OWN = "zz_ci.yml"  # last in its folder, so that it wins


def prepare(name: str, inventories: Path | None, environ: Mapping[str, str] = os.environ) -> Report:
    """Write a private folder with what a deploy of an environment needs.

    Raises:
        CommandError: a secret is missing or wrong, or the inventory does not fit.
    """
    environment = find_environment(name, inventories, environ)
    base = folder.base(environ)
    if environment.folder.is_relative_to(base):
        raise CommandError(
            Exit.BAD_INPUT,
            f"{VARIABLE} names the folder that an earlier 'iactl ci prepare' made.",
            f"Unset it first: unset {VARIABLE}",
        )
    given = read(environment.name, environ)
    folder.make_private(base)
    made = Path(tempfile.mkdtemp(prefix=f".{environment.name}~", dir=base))
    target = base / environment.name
    try:
        placed = _write(made, target, environment, given)
        if target.exists():
            shutil.rmtree(target)
        made.rename(target)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return _told(environment.name, target, placed, given)


def clean(name: str, environ: Mapping[str, str] = os.environ) -> Report:
    """Remove what ``prepare`` wrote, for one environment or for all."""
    gone = folder.remove(environ, name)
    what = f"{len(gone)} removed." if gone else "There was nothing to remove."
    return Report("ci clean", name, message=what)


def _write(made: Path, target: Path, environment: Environment, given: Given) -> Placed:
    """Write everything into a new folder, with the paths that it has once it is in its place."""
    inventory = made / "inventories" / environment.name
    shutil.copytree(environment.folder, inventory)
    files = {
        "key": given.key,
        "known_hosts": given.host_keys,
        **({"vault_password": given.vault.strip("\r\n") + "\n"} if given.vault else {}),
        **({"registry_password": given.registry[1]} if given.registry[1] else {}),
        **{f"secrets/{name}": value for name, value in given.application.items()},
    }
    for name, text in files.items():
        write_private(made / name, text)
    ssh.check_key(made / "key")
    ssh.check_pinned(made / "known_hosts", given.addresses)
    placed = _place(inventory, given.addresses, environment.name)
    common = _connection(target, given)
    secret_text = secrets.in_files(
        {name: str(target / "secrets" / name) for name in given.application}
    )
    for name in (*placed.addresses, *placed.others):
        address = placed.addresses.get(name)
        variables = {**({"ansible_host": address} if address else {}), **common}
        text = f"---\n{yaml.safe_dump(variables, sort_keys=True, width=1000)}{secret_text}"
        write_private(_as_folder(inventory / "host_vars", name) / _OWN, text)
    return placed


def _place(inventory: Path, addresses: list[str], environment: str) -> Placed:
    path = next(
        (one for one in (inventory / "hosts.yml", inventory / "hosts.yaml") if one.is_file()), None
    )
    try:
        if path is None:
            raise HostsError("is no YAML inventory")
        placed = place(yaml.safe_load(path.read_text(encoding="utf-8")), addresses, environment)
    except (HostsError, yaml.YAMLError) as error:
        raise CommandError(
            Exit.BAD_INPUT,
            f"The servers of '{environment}': hosts.yml {error}.",
            f"Name as many servers as {material.addresses_name(environment)} has addresses.",
        ) from error
    path.unlink()
    write_private(path, yaml.safe_dump(placed.document, sort_keys=False))
    return placed


def _connection(target: Path, given: Given) -> dict[str, Any]:
    options = {
        "UserKnownHostsFile": str(target / "known_hosts"),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    found: dict[str, Any] = {
        "ansible_ssh_private_key_file": str(target / "key"),
        "ansible_ssh_common_args": shlex.join(words),
    }
    if given.user:
        found["ansible_user"] = given.user
    if given.registry[0]:
        found["app_registry_username"] = given.registry[0]
        found["app_registry_password"] = secrets.lookup(str(target / "registry_password"))
    return found


def _as_folder(parent: Path, name: str) -> Path:
    """Return the folder of a server's variables; a file of that name moves into it."""
    wanted = parent / name
    for ending in (".yml", ".yaml", ".json"):
        single = parent / f"{name}{ending}"
        if single.is_file():
            wanted.mkdir(exist_ok=True)
            single.rename(wanted / f"own{ending}")
    if wanted.is_file():
        content = wanted.read_text(encoding="utf-8")
        wanted.unlink()
        wanted.mkdir()
        write_private(wanted / "own.yml", content)
    return wanted


def _told(name: str, target: Path, placed: Placed, given: Given) -> Report:
    variables = {VARIABLE: str(target / "inventories")}
    if given.vault:
        variables[VAULT_FILE] = str(target / "vault_password")
    for variable, value in variables.items():
        github.set_environment(variable, value)
    report = Report("ci prepare", name)
    count = len(given.application)
    told = f", {count} {'secret' if count == 1 else 'secrets'} of the application" if count else ""
    report.message = (
        f"{name} is prepared in {target}: {count_servers(len(placed.addresses))}{told}."
    )
    report.details = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    report.next_step = f"Afterwards: iactl ci clean {name}"
    report.data = {"folder": str(target), "environment": variables}
    return report
