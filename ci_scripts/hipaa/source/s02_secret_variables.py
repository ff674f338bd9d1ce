"""S2: secret variables are encrypted, a reference or empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from ..names import is_secret
from ..verdict import Finding, Verdict, judged
from ..yaml_values import Value, values
from .context import Source

_FOLDERS = frozenset(("inventories", "group_vars", "host_vars", "defaults", "vars"))
_MADE_UP = frozenset(("tests", "molecule"))
_ENV_FILE = re.compile(r"(?:^|[./])env(?:\.(?:j2|example|template|sample|dist|[a-z]+))?$")
_PASSWORD_FILE = re.compile(r"^\.?vault[-_.]?pass(?:word)?(?:\.txt)?$")
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_DEFAULT = re.compile(r"""\bd(?:efault)?\(\s*(['"])(?P<value>.+?)\1""")
_URL_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/:@{}]*:[^\s/@{}]+@")
_USER = re.compile(r"(?:^|_)(?:user|username|login)$", re.IGNORECASE)
_SHARED = frozenset(("root", "admin", "administrator", "postgres", "sa"))
_REFERENCES = ("{{", "${", "<")


def check(source: Source) -> Verdict:
    """Look at the inventories, the roles' variables and the templates of environment files."""
    findings: list[Finding] = []
    looked_at = 0
    for path, text in source.project.texts():
        if not _looked_at(path):
            continue
        looked_at += 1
        findings += in_file(path, text)
    return judged(findings, looked_at, "files with variables")


def in_file(path: str, text: str) -> list[Finding]:
    """Return what is wrong in one file."""
    name = PurePosixPath(path).name
    if text.startswith("$ANSIBLE_VAULT;"):
        return []
    if _PASSWORD_FILE.match(name):
        return [Finding("the vault's password lies in the repository", path, 0, "vault password")]
    if _ENV_FILE.search(name):
        return list(_in_environment_file(path, text))
    try:
        return [found for value in values(text) for found in _in_value(path, value)]
    except ValueError as error:
        return [Finding(f"cannot be read ({error})", path, 0, "unreadable")]


def _looked_at(path: str) -> bool:
    parts = set(PurePosixPath(path).parts[:-1])
    if parts & _MADE_UP:
        return False
    name = PurePosixPath(path).name
    if _ENV_FILE.search(name) or _PASSWORD_FILE.match(name):
        return True
    return bool(parts & _FOLDERS) and name.endswith((".yml", ".yaml"))


def _in_value(path: str, value: Value) -> Iterator[Finding]:
    if value.encrypted or not value.said:
        return
    key = ".".join(value.names)
    if _URL_PASSWORD.search(value.text):
        yield Finding(f"the address in {key} holds a password", path, value.line, key)
    elif is_secret(value.name) or "app_secrets" in value.names[:-1]:
        if "{{" not in value.text:
            yield Finding(f"{key} is a secret in plain text", path, value.line, key)
        elif _DEFAULT.search(value.text):
            yield Finding(f"{key} has a default for a secret", path, value.line, key)
    elif _USER.search(value.name) and value.text.lower() in _SHARED:
        said = f"{key} is the shared administrator '{value.text}'"
        yield Finding(said, path, value.line, key)


def _in_environment_file(path: str, text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), start=1):
        match = _ASSIGNMENT.match(line)
        if match is None:
            continue
        value = match[2].strip().strip("'\"")
        secret = is_secret(match[1]) or bool(_URL_PASSWORD.search(value))
        if secret and value and not value.startswith(_REFERENCES):
            yield Finding(f"{match[1]} is a secret in plain text", path, number, match[1])
