"""Words of an expression."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import ExpressionError

_WORD = re.compile(
    r"""\s*(?:
        (?P<number>-?\d+(?:\.\d+)?)
      | (?P<string>'(?:[^']|'')*')
      | (?P<name>[A-Za-z_][A-Za-z0-9_-]*)
      | (?P<sign>&&|\|\||==|!=|<=|>=|[<>!()\[\],.*])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """One word: `kind` is number, string, name, sign or end."""

    kind: str
    text: str


def tokens(text: str) -> list[Token]:
    """Return the words, with one of kind `end` behind the last.

    Raises ExpressionError where no word begins.
    """
    found, position = [], 0
    end = len(text.rstrip())
    while position < end:
        match = _WORD.match(text, position)
        if match is None or match.lastgroup is None:
            raise ExpressionError(f"no word of an expression begins at {text[position:]!r}")
        found.append(Token(match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return [*found, Token("end", "")]
