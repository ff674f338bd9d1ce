"""Where the playbooks, roles and modules are: in a checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def content_root() -> Path:
    """Return the folder that holds ``ansible.cfg`` and ``playbooks``.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    for candidate in (_PACKAGE / "content", _PACKAGE.parent):
        if (candidate / "ansible.cfg").is_file() and (candidate / "playbooks").is_dir():
            return candidate
    raise FileNotFoundError("this installation of innerarchitect-deploy holds no playbooks")


def playbook(name: str) -> Path:
    """Return the path of one of the product's playbooks."""
    return content_root() / "playbooks" / f"{name}.yml"
