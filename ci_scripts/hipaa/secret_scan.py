"""detect-secrets as a library: which lines of files look like a credential. Asks nobody."""

# pylint: disable=import-outside-toplevel  # late: it is an optional dependency

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HEURISTICS = "detect_secrets.filters.heuristic"
# detect-secrets' own, without the one that takes a comment for a reason.
_FILTERS = (
    "is_indirect_reference",
    "is_likely_id_string",
    "is_lock_file",
    "is_not_alphanumeric_string",
    "is_potential_uuid",
    "is_prefixed_with_dollar_sign",
    "is_sequential_string",
    "is_swagger_file",
    "is_templated_secret",
)
# GitHub's own word: "secrets: inherit" hands secrets on and is none.
_WORKFLOWS, _INHERIT = ".github/workflows/", "inherit"
# Twelve digits tell two findings apart, and tell nobody the secret.
_DIGITS = 12


class ScannerMissing(Exception):
    """detect-secrets is not installed; the text says how to get it."""


@dataclass(frozen=True)
class Leak:
    """One line that looks like a credential.

    Attributes:
        path: the file, relative to the folder that was scanned.
        kind: what it looks like, such as "Private Key".
        key: ``sha1:`` and the head of the value's SHA-1, equal wherever the value stands.
    """

    path: str
    line: int
    kind: str
    key: str


@dataclass(frozen=True)
class Scan:
    """What looks like a credential in some files.

    Attributes:
        binary: how many of the files are binary; nothing was looked for in them.
    """

    leaks: list[Leak]
    binary: int


def scan(folder: Path, paths: Iterable[str]) -> Scan:
    """Return what looks like a credential in files of a folder.

    Raises:
        ScannerMissing: detect-secrets is not installed.
    """
    try:
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class as kinds
        from detect_secrets.core.secrets_collection import SecretsCollection
        from detect_secrets.settings import transient_settings
    except ImportError as error:
        raise ScannerMissing(
            "detect-secrets is not installed: pip install '.[hipaa]' in the checkout of"
            " innerarchitect-deploy"
        ) from error
    known: dict[str, type] = kinds()
    settings: dict[str, Any] = {
        "plugins_used": [{"name": kind.__name__} for kind in known.values()],
        "filters_used": [{"path": f"{_HEURISTICS}.{name}"} for name in _FILTERS],
    }
    leaks, binary = list[Leak](), 0
    with transient_settings(settings), tempfile.TemporaryDirectory() as copies:
        for path in paths:
            place = _readable(folder, path, Path(copies))
            if place is None:
                binary += 1
                continue
            found = SecretsCollection(root=str(place[0]))
            found.scan_file(place[1])
            leaks += [
                Leak(path, one.line_number, one.type, f"sha1:{one.secret_hash[:_DIGITS]}")
                for _, one in found
                if not (path.startswith(_WORKFLOWS) and one.secret_value == _INHERIT)
            ]
    return Scan(sorted(leaks, key=lambda leak: (leak.path, leak.line, leak.kind)), binary)


def _readable(folder: Path, path: str, copies: Path) -> tuple[Path, str] | None:
    """Return the folder and the path by which detect-secrets reads a file; None for a binary one.

    It passes over a file in silence that is not UTF-8, or that has a backslash in its name. Of
    such a file it gets a copy under the same path, which its rules go by.
    """
    content = (folder / path).read_bytes()
    try:
        content.decode()
        if "\\" not in path:
            return folder, path
    except UnicodeDecodeError:
        if b"\0" in content:
            return None
    root, name = Path(tempfile.mkdtemp(dir=copies)), path.replace("\\", "_")
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(content.decode(errors="replace").encode())
    return root, name
