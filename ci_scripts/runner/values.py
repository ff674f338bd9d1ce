"""What an inventory says of its servers, and what a role makes of it: no server is asked.

Variables, their precedence and their templates are Ansible's own doing, as in a run.
"""

# pylint: disable=import-outside-toplevel  # late: Ansible takes 0.6 s to import

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .references import placeholder, unknown_names, without_lookups

_VAULT_HEADER = b"$ANSIBLE_VAULT;"
# Names that Ansible gives to every template.
_MAGIC = frozenset(("groups", "hostvars", "inventory_hostname", "omit", "now", "vars"))


class InventoryError(Exception):
    """An inventory, a variable or a template that Ansible cannot read; the text says which."""


@dataclass(frozen=True)
class Server:
    """One server of an environment.

    Attributes:
        name: its name in the inventory.
        variables: what the inventory says of it; what is encrypted or looked up is a placeholder.
    """

    name: str
    variables: Mapping[str, Any]

    def role(self, folder: Path) -> RoleValues:
        """Return this server's variables as a role sees them.

        Raises:
            InventoryError: the role's variables cannot be read.
        """
        return RoleValues(
            {
                **_yaml(folder / "defaults" / "main.yml"),
                **self.variables,
                **_yaml(folder / "vars" / "main.yml"),
            }
        )


@dataclass(frozen=True)
class RoleValues:
    """A server's variables as a role sees them."""

    variables: dict[str, Any]

    def value(self, name: str) -> Any:
        """Return a variable with its templates resolved.

        Raises:
            InventoryError: it cannot be resolved.
        """
        return self._template("{{ " + name + " }}", name)

    def render(self, template: Path) -> str:
        """Return what a template of the role becomes on this server.

        Raises:
            InventoryError: it cannot be rendered.
        """
        return str(self._template(template.read_text(encoding="utf-8"), template.name))

    def _template(self, text: str, name: str) -> Any:
        from ansible.errors import AnsibleError
        from ansible.parsing.dataloader import DataLoader
        from ansible.template import Templar, trust_as_template

        try:
            templar = Templar(loader=DataLoader(), variables=self.variables)
            return _plain(templar.template(trust_as_template(text)))
        except AnsibleError as error:
            raise InventoryError(f"{name}: {_first_line(error)}") from error


def servers(inventory: Path, pattern: str) -> list[Server]:
    """Return the servers of a group, or of a pattern of groups, in an environment's inventory.

    Encrypted values are read when ``$ANSIBLE_VAULT_PASSWORD_FILE`` is set.

    Raises:
        InventoryError: Ansible cannot read the inventory.
    """
    from ansible.errors import AnsibleError
    from ansible.inventory.manager import InventoryManager
    from ansible.vars.manager import VariableManager

    try:
        loader = _loader()
        manager = InventoryManager(loader=loader, sources=[str(inventory)])
        everything = VariableManager(loader=loader, inventory=manager)
        known = {
            str(host.name): _known(everything.get_vars(host=host, include_hostvars=False))
            for host in manager.get_hosts("all")
        }
        there = [name for name in pattern.split(":") if name in manager.groups]
        wanted = manager.get_hosts(":".join(there)) if there else []
        return [
            Server(name, {**known[name], "hostvars": known})
            for name in (str(host.name) for host in wanted)
        ]
    except AnsibleError as error:
        raise InventoryError(f"{inventory.name}: {_first_line(error)}") from error


def _loader() -> Any:
    """Return a loader that takes an encrypted file for an empty one when it has no password."""
    from ansible.parsing.dataloader import DataLoader
    from ansible.parsing.vault import get_file_vault_secret

    password_file = os.environ.get("ANSIBLE_VAULT_PASSWORD_FILE")
    if password_file:
        loader = DataLoader()
        secret = get_file_vault_secret(filename=password_file, loader=loader)
        secret.load()
        loader.set_vault_secrets([("default", secret)])
        return loader

    class WithoutPassword(DataLoader):  # type: ignore[misc]
        """Reads what is not encrypted."""

        def load_from_file(self, file_name: str, *arguments: Any, **options: Any) -> Any:
            """Return a file's content, or nothing of an encrypted one."""
            if Path(file_name).read_bytes().startswith(_VAULT_HEADER):
                return {}
            return super().load_from_file(file_name, *arguments, **options)

    return WithoutPassword()


def _known(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return variables with a placeholder for whatever has no value here."""
    known = {name: _readable(name, value) for name, value in variables.items()}
    known = {name: without_lookups(value) for name, value in known.items()}
    missing = unknown_names(known) - _MAGIC
    return {**known, **{name: placeholder(name) for name in missing}}


def _readable(name: str, value: Any) -> Any:
    """Return a value, or a placeholder where it is encrypted and there is no password."""
    from ansible.parsing.vault import EncryptedString

    if isinstance(value, EncryptedString):
        return value if os.environ.get("ANSIBLE_VAULT_PASSWORD_FILE") else placeholder(name)
    if isinstance(value, dict):
        return {key: _readable(str(key), one) for key, one in value.items()}
    if isinstance(value, list):
        return [_readable(name, one) for one in value]
    return value


def _yaml(path: Path) -> dict[str, Any]:
    from ansible.errors import AnsibleError
    from ansible.parsing.dataloader import DataLoader

    if not path.is_file():
        return {}
    try:
        return DataLoader().load_from_file(str(path), trusted_as_template=True) or {}
    except AnsibleError as error:
        raise InventoryError(f"{path}: {_first_line(error)}") from error


def _plain(value: Any) -> Any:
    """Return Ansible's tagged values as Python's own."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
