"""The job's own secrets of the application, each a reference to a file. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

# The roles join them with the inventory's ``app_secrets``, wherever those stand and whoever
# encrypted them.
_KEY = "ci_app_secrets"


def lookup(path: str) -> str:
    """Return what a file's content is called in an inventory; Ansible reads it when it needs it."""
    return "{{ lookup('ansible.builtin.file', '" + path + "') }}"


def in_files(files: Mapping[str, str]) -> str:
    """Return YAML that sets the secrets that lie in files; nothing where there is none.

    Args:
        files: paths by the secrets' names.
    """
    known = {name: lookup(path) for name, path in files.items()}
    return yaml.safe_dump({_KEY: known}, width=1000) if known else ""
