"""An HAProxy configuration taken apart. Pure.

Source of the grammar: HAProxy 2.6 configuration manual, 2.1 and 2.2.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

_SECTIONS = frozenset(
    ("global", "defaults", "frontend", "backend", "listen", "peers", "resolvers", "userlist")
)


@dataclass
class Section:
    """One section.

    Attributes:
        lines: its lines as words, quotes resolved and comments left out.
    """

    kind: str
    name: str
    lines: list[list[str]] = field(default_factory=list)

    def starting(self, *words: str) -> Iterator[list[str]]:
        """Yield the rest of each line that starts with these words."""
        for line in self.lines:
            if tuple(line[: len(words)]) == words:
                yield line[len(words) :]

    def has(self, *words: str) -> bool:
        """Whether a line starts with these words."""
        return any(True for _ in self.starting(*words))


def parse(text: str) -> list[Section]:
    """Return the sections of a configuration.

    Raises:
        ValueError: a line cannot be taken apart, or stands outside of every section.
    """
    sections: list[Section] = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            words = _words(line)
        except ValueError as error:
            raise ValueError(f"line {number} of the configuration: {error}") from error
        if not words:
            continue
        if words[0] in _SECTIONS:
            sections.append(Section(words[0], words[1] if len(words) > 1 else ""))
        elif sections:
            sections[-1].lines.append(words)
        else:
            raise ValueError(f"line {number} of the configuration stands in no section")
    return sections


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="")
    lexer.whitespace_split = True
    lexer.commenters = "#" if re.search(r"(?:^|\s)#", line) else ""
    return list(lexer)
