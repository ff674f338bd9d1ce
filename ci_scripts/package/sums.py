"""``SHA256SUMS``: what a package holds, as ``sha256sum`` reads it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

FILE = "SHA256SUMS"
_LINE = re.compile(r"(?P<sum>[0-9a-f]{64})  (?P<name>[^\n\\]+)")


@dataclass(frozen=True)
class Difference:
    """How files differ from their checksums; each a sorted tuple of names."""

    edited: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """One line for each file that is not as it was packed."""
        told = {"edited": self.edited, "missing": self.missing, "not packed": self.extra}
        return [f"{name}: {what}" for what, names in told.items() for name in names]


def write_sums(sums: Mapping[str, str]) -> str:
    """Return the file's text for SHA-256 sums (hex digits) by name."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))


def read_sums(text: str) -> dict[str, str]:
    """Return the sums by name.

    Raises:
        ValueError: a line is none of ``sha256sum``, or a name stands there twice.
    """
    sums: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None or match["name"] in sums:
            raise ValueError(f"line {number} of {FILE} is no checksum of a further file")
        sums[match["name"]] = match["sum"]
    return sums


def compare(packed: Mapping[str, str], there: Mapping[str, str]) -> Difference:
    """Return how the files that are there differ from those that were packed.

    Args:
        packed: sums by name, as ``SHA256SUMS`` has them.
        there: sums by name of what there is now, without ``SHA256SUMS`` itself.
    """
    return Difference(
        edited=tuple(
            sorted(name for name in packed if there.get(name, packed[name]) != packed[name])
        ),
        missing=tuple(sorted(packed.keys() - there.keys())),
        extra=tuple(sorted(there.keys() - packed.keys())),
    )
