"""Encrypted backups: for public keys, by the program age; the secret key is on no server.

Encrypting needs only the recipients. The identity that opens a backup comes with the one call
that restores it, goes to age's standard input, and is written nowhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .errors import DeployError
from .masking import mask, printable
from .programs import Done, check_installed, run
from .recipients import check_recipients

# Bech32 in capitals, see recipients.py.
_IDENTITY = re.compile(r"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}")
_LONGEST_IDENTITY = 4096  # bytes; all of it fits into a pipe at once
_SHORT = 30.0  # seconds
_WRONG_KEY = "no identity matched"


def check_encryption(recipients: Iterable[str]) -> None:
    """Return when age takes the recipients; it knows a mistyped one by its checksum.

    Raises:
        DeployError: it does not, or is not installed.
    """
    wanted = list(recipients)
    if wanted:
        check_recipients(wanted)
        check_installed("age")
        done = _encrypt(wanted, ["--output=/dev/null"], _SHORT, "try the recipients")
        if done.code:
            raise DeployError(
                f"age refuses app_backup_recipients: {_told(done)}",
                "Copy the public keys again, as age-keygen printed them",
                cause="input",
            )


def encrypt(plain: Path, kept: Path, recipients: Iterable[str], timeout: float) -> None:
    """Encrypt a file into one that is there already, and keeps its mode.

    Args:
        timeout: seconds it may take.

    Raises:
        DeployError: it could not be done.
    """
    doing = "encrypt the backup"
    done = _encrypt(recipients, [f"--output={kept}", str(plain)], timeout, doing)
    if done.code:
        raise DeployError(
            f"cannot {doing}: {_told(done)}", "Check this server's disk", cause="refused"
        )


def check_opens(
    kept: Path, name: str, recipients: Iterable[str], identity: str, timeout: float
) -> None:
    """Return when the identity opens a backup, all of it; nothing is written.

    Args:
        name: the backup's.
        recipients: for whom it was encrypted.
        timeout: seconds it may take.

    Raises:
        DeployError: it does not; the sentence says which identity would.
    """
    whose = ", ".join(recipients) or "unknown keys"
    if not identity.strip():
        raise DeployError(
            f"backup {name} is encrypted, and app_backup_identity is empty",
            f"Set it to the secret key of one of its recipients: {whose}",
            cause="refused",
        )
    keys = _keys(identity)
    check_installed("age")
    doing = "decrypt the backup"
    done = run(decrypting(kept, "--output=/dev/null"), environment(), identity, timeout, doing)
    if _WRONG_KEY in done.errors:
        raise DeployError(
            f"app_backup_identity does not open backup {name}, which is encrypted for {whose}",
            "Set it to the secret key of one of these recipients",
            cause="refused",
        )
    if done.code:
        raise DeployError(
            f"cannot {doing}: {mask(_told(done), keys)}", "Choose another backup", cause="refused"
        )


def decrypting(kept: Path, *options: str) -> list[str]:
    """Return the command that decrypts a file to its output; its input is the identity."""
    return ["age", "--decrypt", "--identity=-", *options, str(kept)]


@contextmanager
def readable(identity: str) -> Iterator[IO[bytes]]:
    """Give a pipe to read an identity from that ``check_opens`` was content with."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(identity.encode())
        yield source


def environment() -> dict[str, str]:
    """Return what age needs of the environment."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}


def _keys(identity: str) -> list[str]:
    """Return the secret keys in what age-keygen wrote, comments included, or in one line of it.

    Raises:
        DeployError: there is something else.
    """
    lines = [line.strip() for line in identity.splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    long = len(identity.encode()) > _LONGEST_IDENTITY
    if long or not keys or not all(map(_IDENTITY.fullmatch, keys)):
        raise DeployError(
            "app_backup_identity is no secret key of age",
            "Use the line of age-keygen's file that begins with AGE-SECRET-KEY-1",
            cause="input",
        )
    return keys


def _encrypt(recipients: Iterable[str], more: list[str], timeout: float, doing: str) -> Done:
    argv = ["age", *(f"--recipient={one}" for one in recipients), *more]
    return run(argv, environment(), "", timeout, doing)


def _told(done: Done) -> str:
    lines = [line.strip() for line in printable(done.errors).splitlines() if line.strip()]
    return lines[0].removeprefix("age: error: ")[:300] if lines else f"exit code {done.code}"
