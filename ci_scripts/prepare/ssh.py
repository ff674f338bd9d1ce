"""What ssh itself says of a key and of pinned host keys."""

from __future__ import annotations

import subprocess  # nosec B404 - ssh-keygen, without a shell
from pathlib import Path

from ..exits import CommandError, Exit
from .material import HOST_KEYS, KEY, refused

_SECONDS = 20


def check_key(path: Path) -> None:
    """Return when ssh can use a private key without asking anybody.

    Raises:
        CommandError: it cannot.
    """
    # What it prints is the public key; nobody needs it here.
    if not _succeeds("ssh-keygen", "-y", "-P", "", "-f", str(path)):
        raise refused(
            KEY,
            "is no private key that ssh reads, or it has a passphrase",
            "Make one for deploys: ssh-keygen -t ed25519 -N '' -f deploy",
        )


def check_pinned(path: Path, addresses: list[str]) -> None:
    """Return when a file of known hosts has a key for each address.

    Raises:
        CommandError: it lacks one.
    """
    for number, address in enumerate(addresses, start=1):
        if not _succeeds("ssh-keygen", "-F", address, "-f", str(path)):
            raise refused(
                HOST_KEYS,
                f"has no key for address {number} of {len(addresses)}",
                "Add the server's line under exactly the address that the secret has.",
            )


def _succeeds(*argv: str) -> bool:
    try:
        done = subprocess.run(  # nosec B603 - a list, no shell
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandError(
            Exit.BAD_INPUT, f"ssh-keygen cannot be run: {error}.", "Install the OpenSSH client."
        ) from error
    return done.returncode == 0
