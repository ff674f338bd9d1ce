"""What a job's secrets must look like. Pure; no sentence here repeats a value."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping

from ..exits import CommandError, Exit

KEY, HOST_KEYS, USER = "SSH_PRIVATE_KEY", "SSH_KNOWN_HOSTS", "SERVER_USER"
VAULT = "ANSIBLE_VAULT_PASSWORD"
REGISTRY = ("REGISTRY_USERNAME", "REGISTRY_PASSWORD")
APPLICATION = "APP_SECRET_"
_SEPARATORS = re.compile(r"[\s,;]+")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The dot is what ends a label: were it optional, a long name could be cut in endless ways.
_HOST = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)*{_LABEL}", re.IGNORECASE)
_LOG_IN = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,79}")
_KEY = re.compile(
    r"-----BEGIN ([A-Z ]*)PRIVATE KEY-----\n[A-Za-z0-9+/=\n:,. -]+\n-----END \1PRIVATE KEY-----\n"
)
_SHORTEST = 8  # characters; a shorter secret could not be masked in a log


def addresses_name(environment: str) -> str:
    """Return the name of the secret with an environment's addresses."""
    return f"{environment.upper().replace('-', '_')}_SERVER_IP"


def addresses(name: str, text: str) -> list[str]:
    """Return the addresses in a secret: IPv4, IPv6 or host names, one or several.

    Raises:
        CommandError: there is none, one is no address, or one stands there twice.
    """
    found = [part for part in _SEPARATORS.split(text) if part]
    if not found:
        raise refused(name, "holds no address", "Set it to one address, or several with commas.")
    for number, one in enumerate(found, start=1):
        if not _is_address(one):
            raise refused(
                name,
                f"holds {len(found)} entries, and number {number} is no address",
                "Use IPv4 or IPv6 addresses or host names, without port and without brackets.",
            )
    if len({one.lower() for one in found}) != len(found):
        raise refused(name, "holds an address twice", "Name each server once.")
    return found


def user(text: str) -> str:
    """Return the log-in name on the servers.

    Raises:
        CommandError: it is none.
    """
    if _LOG_IN.fullmatch(text) is None:
        raise refused(USER, "is no log-in name", "Use lower case letters, digits, '-' and '_'.")
    return text


def private_key(text: str) -> str:
    """Return a private key as ssh reads it: with plain line ends, the last line ended too.

    Raises:
        CommandError: it is no private key.
    """
    key = _lines(text)
    if _KEY.fullmatch(key) is None:
        raise refused(
            KEY,
            "is no private key",
            "Paste the whole file, from -----BEGIN to -----END, as ssh-keygen wrote it.",
        )
    return key


def host_keys(text: str) -> str:
    """Return known hosts as ssh reads them.

    Raises:
        CommandError: a line is none of known_hosts.
    """
    content = _lines(text)
    for number, line in enumerate(content.splitlines(), start=1):
        fields = line.split()
        if line.strip() and not line.startswith("#") and len(fields) < 3:
            raise refused(HOST_KEYS, f"is wrong in line {number}", _HOW_TO_PIN)
    if not content.strip():
        raise refused(HOST_KEYS, "is empty", _HOW_TO_PIN)
    return content


def application(environ: Mapping[str, str], known: Iterator[str]) -> dict[str, str]:
    """Return the application's secrets by the names that it knows them by.

    Args:
        known: variables that are the application's under their own names. Others come with
            ``APP_SECRET_`` in front.

    Raises:
        CommandError: a name or a value cannot be a secret's.
    """
    found = {name: environ[name] for name in known if environ.get(name)}
    for variable, value in environ.items():
        name = variable.removeprefix(APPLICATION)
        if not variable.startswith(APPLICATION) or not value:
            continue
        if _NAME.fullmatch(name) is None:
            raise refused(ascii(variable)[1:81], "names no secret", "Use capitals, digits and '_'.")
        found[name] = value
    for name, value in found.items():
        if len(value.strip()) < _SHORTEST:
            raise refused(name, f"is shorter than {_SHORTEST} characters", "Set the real value.")
    return {name: value.strip("\r\n") for name, value in found.items()}


def refused(name: str, what: str, next_step: str) -> CommandError:
    """Return the error for a secret; it names the variable and never the value."""
    return CommandError(Exit.BAD_INPUT, f"{name} {what}.", next_step)


_HOW_TO_PIN = (
    "Take the lines of a known_hosts file whose keys you compared with the servers' own;"
    " docs/secrets.md shows how."
)


def _is_address(text: str) -> bool:
    try:
        # A zone such as %eth0 means something on one machine only.
        return "%" not in text and bool(ipaddress.ip_address(text))
    except ValueError:
        digits_only = text.replace(".", "").isdigit()
        return not digits_only and _HOST.fullmatch(text) is not None


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip() + "\n"
