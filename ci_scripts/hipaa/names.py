"""Which names are those of secrets. Pure."""

from __future__ import annotations

import re

_WORDS = (
    r"password|passwd|passphrase|secrets?|tokens?|credentials?|webhook_url|"
    r"api_?keys?|private_?keys?|access_?keys?|secret_?keys?|signing_?keys?|encryption_?keys?"
)
_SECRET = re.compile(rf"(?:^|[_.-])(?:{_WORDS})(?:$|[_.-])|^vault_", re.IGNORECASE)
# What is said about a secret is none: where it lies, how long it lives, what it is called.
_ABOUT = re.compile(
    r"(?:^|_)(?:file|path|folder|dir|target|names?|as|ttl|seconds|days|length|enabled|required|"
    r"present|policy|hash(?:es)?|header)$",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_secret(name: str) -> bool:
    """Whether a variable's name says that its value is a secret."""
    plain = _CAMEL.sub("_", name)
    return bool(_SECRET.search(plain)) and not _ABOUT.search(plain)
