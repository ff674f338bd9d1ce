"""SSH public keys: which are taken, and what they are called by. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from .errors import DeployError

_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)
_PRIVATE = ("-----BEGIN", "PuTTY-User-Key-File")
_LEAST_RSA_BITS = 2048
_STEP = "Give the file that ssh-keygen named .pub, such as ~/.ssh/id_ed25519.pub"


@dataclass(frozen=True)
class PublicKey:
    """A public key without its comment.

    Attributes:
        text: type and key, as in ``authorized_keys``.
        fingerprint: as sshd writes it into its log, ``SHA256:…``.
    """

    text: str
    fingerprint: str


def parse_public_key(text: str) -> PublicKey:
    """Return the one public key in the content of a file.

    Raises:
        DeployError: there is none, several, a weak one, or a private one. Of what was given,
            nothing is shown.
    """
    if any(mark in text for mark in _PRIVATE):
        raise DeployError("that is a private key, which nobody else may have", _STEP, cause="input")
    lines = [line.strip() for line in text.splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if len(keys) != 1:
        raise _refuse(f"there are {len(keys)} keys instead of one")
    kind, _, rest = keys[0].partition(" ")
    if kind not in _TYPES:
        raise _refuse(f"it does not begin with {', '.join(_TYPES[:4])} or another type of key")
    encoded = rest.split(" ")[0]
    try:
        raw = base64.b64decode(encoded, validate=True)
        parts = _parts(raw)
    except (binascii.Error, ValueError):
        raise _refuse("it is cut off or changed") from None
    if parts[:1] != [kind.encode()] or len(parts) < 2:
        raise _refuse("it is of another type than it says")
    if kind == "ssh-rsa" and int.from_bytes(parts[-1], "big").bit_length() < _LEAST_RSA_BITS:
        raise _refuse(f"RSA keys need {_LEAST_RSA_BITS} bits or more")
    digest = base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")
    return PublicKey(f"{kind} {encoded}", f"SHA256:{digest}")


def _parts(raw: bytes) -> list[bytes]:
    """Return the fields of a key: each has four bytes of length (RFC 4253, section 6.6).

    Raises:
        ValueError: it ends in the middle of a field.
    """
    parts = []
    while raw:
        end = 4 + int.from_bytes(raw[:4], "big")
        if len(raw) < end or end < 4 or len(raw) < 4:
            raise ValueError
        parts.append(raw[4:end])
        raw = raw[end:]
    return parts


def _refuse(why: str) -> DeployError:
    return DeployError(f"that is no public key to log in with: {why}", _STEP, cause="input")
