"""Write a rig as one of the toolkit's environments."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from .registry import Registry
from .server import Server


def write(
    folder: Path,
    servers: Iterable[Server],
    edges: Iterable[Server],
    registry: Registry | None,
    app_vars: Mapping[str, Any],
) -> Path:
    """Write hosts.yml and group_vars/all into `folder` and return it."""
    variables = folder / "group_vars" / "all"
    variables.mkdir(parents=True, exist_ok=True)
    _dump(folder / "hosts.yml", hosts(list(servers), list(edges)))
    _dump(variables / "app.yml", app_vars)
    if registry is not None:
        trusted = {registry.host: str(registry.ca_certificate)}
        _dump(variables / "rig.yml", {"host_registry_certificates": trusted})
    return folder


def hosts(servers: list[Server], edges: list[Server]) -> dict[str, Any]:
    """The content of hosts.yml: every server in `app`, and in `proxy` the edges, else those too."""
    connection: dict[str, Any] = {
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    for server in servers[:1]:
        connection["ansible_ssh_private_key_file"] = str(server.key_path)
        connection["ansible_ssh_common_args"] = shlex.join(server.ssh_options)
    members = {one.name: {"ansible_host": one.address} for one in servers if one not in edges}
    fronts = {edge.name: {"ansible_host": edge.address} for edge in edges}
    return {
        "all": {
            "vars": connection,
            "children": {
                "app": {"hosts": members},
                "proxy": {"hosts": fronts or {name: {} for name in members}},
            },
        }
    }


def _dump(path: Path, content: Mapping[str, Any]) -> None:
    text = yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=100)
    path.write_text(f"---\n{text}", encoding="utf-8")
