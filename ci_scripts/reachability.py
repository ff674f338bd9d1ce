"""Why a server could not be reached, in one sentence. Pure."""

from __future__ import annotations

import re

# SSH says "ann@web1: Permission denied (publickey)."; the judge of a phase takes the @ out.
_REFUSED_USER = re.compile(r"([^\s@:]+)[@ ][^\s@]+: permission denied", re.IGNORECASE)
_KNOWN = (
    # Before the next one, since SSH ends both with "Host key verification failed".
    (
        ("no ecdsa host key is known", "no ed25519 host key is known", "key is known for"),
        "its SSH host key is not in known_hosts",
        "Get the key's fingerprint from the server's console and add the key to known_hosts",
    ),
    (
        ("identification has changed", "host key verification failed", "no matching host key"),
        "its SSH host key is not the pinned one: possible interception",
        "Find out why it changed before you update known_hosts; no key is accepted by itself",
    ),
    (
        (
            "permission denied",
            "too many authentication failures",
            "invalid format",
            "error in libcrypto",
        ),
        "it refused the SSH log-in",
        "Check ansible_user and the key (ansible_ssh_private_key_file) for this server",
    ),
    (
        ("connection refused",),
        "nothing listens on its SSH port",
        "Check that sshd runs there and that ansible_port is right",
    ),
    (
        ("timed out", "timeout", "no route to host", "network is unreachable"),
        "it does not answer",
        "Check that the server runs and that its firewall lets this machine in",
    ),
    (
        ("could not resolve hostname", "name or service not known"),
        "its name cannot be resolved",
        "Check ansible_host for this server",
    ),
    (
        ("python", "interpreter"),
        "it has no usable Python",
        "Install python3 on it",
    ),
)


def explain(message: str) -> tuple[str, str]:
    """Return the cause and the next step behind what SSH or Ansible said."""
    low = message.lower()
    for words, cause, step in _KNOWN:
        if any(word in low for word in words):
            user = _REFUSED_USER.search(message)
            return f"{cause} of user '{user[1]}'" if user else cause, step
    if low.rstrip().endswith("over ssh:"):  # a shared connection that ends has no last words
        return "the SSH connection to it broke off", "Check its network and sshd"
    last = next((line for line in reversed(message.splitlines()) if line.strip()), "no answer")
    return f"it cannot be used ({last.strip()[:200]})", "Try 'ssh' to it by hand"


def explained(message: str) -> str:
    """Return both as sentences."""
    cause, step = explain(message)
    return f"{cause}. {step}."
