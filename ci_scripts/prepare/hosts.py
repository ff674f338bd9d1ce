"""The environment's servers with the addresses of a secret. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_APP = "app"


class HostsError(Exception):
    """A hosts.yml that the addresses do not fit; the text says why."""


@dataclass(frozen=True)
class Placed:
    """Servers with addresses.

    Attributes:
        document: the content of hosts.yml.
        addresses: address by server, for those whose address the secret holds.
        others: the servers that keep the address they have.
    """

    document: Any
    addresses: dict[str, str]
    others: tuple[str, ...]


def place(document: Any, addresses: list[str], environment: str) -> Placed:
    """Give the addresses to the servers of the group app, in the order they stand there.

    Where there are more or fewer addresses than servers, servers are made for them, if the
    inventory says nothing of its servers that would be lost with that.

    Raises:
        HostsError: they cannot be given.
    """
    groups = dict(_groups(document))
    names = list(groups.get(_APP, {}))
    if not names:
        raise HostsError("names no server in the group app")
    if len(names) != len(addresses):
        names = [f"{environment}-{number}" for number in range(1, len(addresses) + 1)]
        document = _renamed(document, groups, names)
        groups = dict(_groups(document))
    known = {name for hosts in groups.values() for name in hosts}
    return Placed(
        document,
        dict(zip(names, addresses, strict=True)),
        tuple(sorted(known - set(names))),
    )


def _groups(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every group that lists servers, with them."""
    if not isinstance(document, dict):
        raise HostsError("is no YAML inventory")
    for name, group in document.items():
        if not isinstance(group, dict):
            continue
        if isinstance(group.get("hosts"), dict):
            yield str(name), group["hosts"]
        yield from _groups(group.get("children") or {})


def _renamed(document: Any, groups: dict[str, dict[str, Any]], names: list[str]) -> Any:
    there = groups[_APP]
    alike = all(set(hosts) == set(there) for hosts in groups.values())
    said = {key for hosts in groups.values() for own in hosts.values() for key in own or {}}
    if not alike or said - {"ansible_host"}:
        raise HostsError(
            f"names {len(there)} servers and says more of them than their addresses, and the"
            f" secret holds {len(names)} addresses"
        )
    return _with_hosts(document, {name: {} for name in names})


def _with_hosts(document: dict[str, Any], hosts: dict[str, Any]) -> dict[str, Any]:
    changed = {}
    for name, group in document.items():
        new = dict(group) if isinstance(group, dict) else group
        if isinstance(group, dict):
            if isinstance(group.get("hosts"), dict):
                new["hosts"] = {name: {} for name in hosts}
            if isinstance(group.get("children"), dict):
                new["children"] = _with_hosts(group["children"], hosts)
        changed[name] = new
    return changed
