"""The public keys that backups are encrypted for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .errors import DeployError

# Bech32: 52 characters of a 32-byte key and 6 of a checksum (age's specification, C2SP).
_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")


def check_recipients(recipients: Iterable[str]) -> None:
    """Return when backups can be encrypted for them, as far as their form tells.

    Raises:
        DeployError: one is no public key of age.
    """
    for one in recipients:
        if _RECIPIENT.fullmatch(one) is None:
            secret = one.upper().startswith("AGE-SECRET-KEY")
            raise DeployError(
                (
                    "app_backup_recipients holds a secret key"
                    if secret
                    else f"app_backup_recipients: {one[:80]!a} is no public key of age"
                ),
                "Use what age-keygen prints as its public key: age1 and 58 characters",
                cause="input",
            )
