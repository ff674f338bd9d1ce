"""What the checks of an image get."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .archive import Image
from .layers import Entry, final


@dataclass(frozen=True)
class Scene:
    """An image and where its evidence lies.

    Attributes:
        evidence: folder with the scanner's and the gates' results.
        evidence_named: whether that folder was asked for; a missing file is an error then.
        pushed: the digest that was pushed and is to be deployed, or an empty string.
    """

    image: Image
    evidence: Path
    evidence_named: bool = False
    pushed: str = ""

    @cached_property
    def files(self) -> dict[str, Entry]:
        """What a container of the image sees, by path."""
        return final(self.image.layers)
