"""I2: no secret in the image's environment, build arguments, history or layers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..names import is_secret
from ..verdict import Finding, Verdict, judged
from .context import Scene
from .layers import entries
from .tokens import forms_in

_MOST_BYTES = 1 << 20
_ASSIGNED = re.compile(r"""(?<![\w$])([A-Za-z_][A-Za-z0-9_]*)=("[^"]*"|'[^']*'|\S+)""")
_URL_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/:@{}$]*:[^\s/@{}$]+@")
# A path or a reference is no secret itself.
_NO_VALUE = ("$", "/", '"$', '""', "''")
_FILE = re.compile(
    r"(?:^|/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|\.env(?:\.(?!example|sample|template)[^/]+)?|\.netrc|"
    r"\.pgpass|\.git-credentials|\.pypirc|\.vault_pass|\.aws/credentials|\.docker/config\.json|"
    r"\.git/config|terraform\.tfstate|[^/]+\.(?:p12|pfx|jks|keystore))$"
)


def check(scene: Scene) -> Verdict:
    """Look at the image's configuration, then at every file of every layer."""
    found = list(config_faults(scene.image.config))
    looked_at = 0
    for entry, content in entries(scene.image.layers):
        if entry.kind != "file":
            continue
        looked_at += 1
        raw = content() if 0 < entry.size <= _MOST_BYTES else b""
        gone = scene.files.get(entry.path)
        removed = "" if gone and gone.layer == entry.layer else ", although a later layer hides it"
        where = f" in layer {entry.layer}{removed}"
        found += [
            Finding(f"{said}{where}", f"/{entry.path}", 0, said)
            for said in file_faults(entry.path, raw)
        ]
    return judged(found, looked_at, "files in all layers")


def config_faults(config: dict[str, Any]) -> Iterator[Finding]:
    """Yield the secrets in an image's configuration, by name and never by value. Pure."""
    settings = config.get("config") or {}
    for variable in settings.get("Env") or []:
        name, _, value = str(variable).partition("=")
        if _is_value(name, value):
            yield Finding(f"{name} holds a secret", "ENV", 0, name)
    for name, value in (settings.get("Labels") or {}).items():
        if _is_value(str(name), str(value)):
            yield Finding(f"{name} holds a secret", "LABEL", 0, str(name))
    for number, step in enumerate(config.get("history") or [], start=1):
        text = str(step.get("created_by", ""))
        named = {name for name, value in _ASSIGNED.findall(text) if _is_value(name, value)}
        if not named and (_URL_PASSWORD.search(text) or any(forms_in(text.encode()))):
            named = {"a command"}
        for name in sorted(named):
            yield Finding(f"{name} holds a secret in step {number}", "history", 0, name)


def file_faults(path: str, content: bytes) -> Iterator[str]:
    """Yield why a file of a layer is a secret. Pure."""
    if _FILE.search(path):
        yield "a file for secrets"
    yield from forms_in(content)


def _is_value(name: str, value: str) -> bool:
    if _URL_PASSWORD.search(value) or any(forms_in(value.encode())):
        return True
    return is_secret(name) and bool(value) and not value.startswith(_NO_VALUE)
