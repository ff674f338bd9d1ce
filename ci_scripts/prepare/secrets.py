"""``app_secrets`` with the job's own among them, each a reference to a file. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

_KEY = "app_secrets"


class SecretsError(Exception):
    """Secrets that cannot be added to those of the inventory; the text says why."""


def lookup(path: str) -> str:
    """Return what a file's content is called in an inventory; Ansible reads it when it needs it."""
    return "{{ lookup('ansible.builtin.file', '" + path + "') }}"


def declared(texts: Mapping[str, str]) -> yaml.MappingNode | None:
    """Return the inventory's own ``app_secrets``, vaults and templates as they stand.

    Args:
        texts: the content of the variables' files by their names.

    Raises:
        SecretsError: they are no mapping, stand in several files, or a file is no YAML.
    """
    found: dict[str, yaml.Node] = {}
    for name, text in texts.items():
        try:
            document = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            raise SecretsError(f"{name} is no YAML: {error}") from error
        pairs = document.value if isinstance(document, yaml.MappingNode) else []
        found |= {name: value for key, value in pairs if key.value == _KEY}
    if len(found) > 1:
        raise SecretsError(f"{_KEY} stands in several files: {', '.join(found)}")
    for name, node in found.items():
        if not isinstance(node, yaml.MappingNode):
            raise SecretsError(f"{_KEY} in {name} is no mapping of names to values")
        return node
    return None


def with_files(own: yaml.MappingNode | None, files: Mapping[str, str]) -> str:
    """Return YAML that sets ``app_secrets``: the inventory's own and those that lie in files.

    Args:
        files: paths by the secrets' names; they win over the inventory's own.
    """
    kept = [pair for pair in (own.value if own else []) if pair[0].value not in files]
    added = [(_text(name), _text(lookup(path))) for name, path in sorted(files.items())]
    secrets = yaml.MappingNode("tag:yaml.org,2002:map", [*kept, *added], flow_style=False)
    root = yaml.MappingNode("tag:yaml.org,2002:map", [(_text(_KEY), secrets)], flow_style=False)
    return str(yaml.serialize(root, width=1000, allow_unicode=True))


def _text(value: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", value, style='"' if "{" in value else None)
