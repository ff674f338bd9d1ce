"""The environment that Ansible gets: what it needs, and nothing of what else lies around.

ansible-runner hands on its whole environment and writes it to disk, so a token that some CI step
exported would end in a file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ..exits import CommandError, Exit
from .private import write_private

VAULT_PASSWORD, VAULT_FILE = "ANSIBLE_VAULT_PASSWORD", "ANSIBLE_VAULT_PASSWORD_FILE"
_PASSED = frozenset(
    (
        "HOME",
        "USER",
        "LOGNAME",
        "PATH",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "TMPDIR",
        "SSH_AUTH_SOCK",
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        VAULT_FILE,
        "ANSIBLE_VAULT_IDENTITY_LIST",
    )
)
_PREFIX = "IADEPLOY_"
_LEAKS = ("ANSIBLE_DEBUG", "ANSIBLE_KEEP_REMOTE_FILES")


def vault_password(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the variable that tells Ansible where the vault's password is, from the password.

    A CI service has it as a secret of its own, not as a file; it is written into the private
    folder of the run. Where a file is set, that one counts.

    Args:
        environ: the environment of iactl.
        folder: the private folder of the run.
    """
    password = environ.get(VAULT_PASSWORD, "").strip("\r\n")
    if not password or environ.get(VAULT_FILE):
        return {}
    path = folder / "vault-password"
    write_private(path, f"{password}\n")
    return {VAULT_FILE: str(path)}


def scrubbed(environ: Mapping[str, str], content: Path) -> dict[str, str]:
    """Return Ansible's environment.

    ``IADEPLOY_*`` passes, for inventories that look values up there.

    Raises:
        CommandError: a variable is set under which Ansible prints or keeps secrets.
    """
    for name in _LEAKS:
        if environ.get(name, "").lower() not in ("", "0", "false", "no", "off"):
            raise CommandError(
                Exit.BAD_INPUT,
                f"{name} is set, and with it Ansible shows secrets.",
                f"Unset it: unset {name}.",
            )
    kept = {
        name: value
        for name, value in environ.items()
        if name in _PASSED or name.startswith(_PREFIX)
    }
    # iactl may be called by its path, without its virtual environment being active.
    beside_python = str(Path(sys.executable).parent)
    return {
        **kept,
        "PATH": os.pathsep.join(filter(None, (beside_python, environ.get("PATH", "")))),
        "ANSIBLE_CONFIG": str(content / "ansible.cfg"),
        # ansible-runner switches this off unless it is set.
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1",
        "ANSIBLE_NOCOLOR": "1",
        "PYTHONUNBUFFERED": "1",
    }
