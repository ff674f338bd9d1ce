"""The tree of an expression."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ExpressionError
from .tokens import Token, tokens


@dataclass(frozen=True)
class Literal:
    """A value that stands there."""

    value: str | float | bool | None


@dataclass(frozen=True)
class Context:
    """The name of a context, such as `github`."""

    name: str


@dataclass(frozen=True)
class Member:
    """A part of a value; `key` None stands for `.*`."""

    value: Node
    key: Node | None


@dataclass(frozen=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Operation:
    """An operator and what it works on, one or two."""

    sign: str
    operands: tuple[Node, ...]


Node = Literal | Context | Member | Call | Operation
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
# Weakest first, as in GitHub's table of operators.
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))


def parse(text: str) -> Node:
    """Return the tree; raises ExpressionError when the text is no expression."""
    reader = _Reader(tokens(text), text)
    node = reader.binary(0)
    reader.expect("end")
    return node


class _Reader:
    def __init__(self, words: list[Token], text: str) -> None:
        self._words, self._text = words, text

    def binary(self, level: int) -> Node:
        """Read operators of a level and of all stronger ones."""
        if level == len(_LEVELS):
            return self._unary()
        node = self.binary(level + 1)
        while self._words[0].kind == "sign" and self._words[0].text in _LEVELS[level]:
            sign = self._take().text
            node = Operation(sign, (node, self.binary(level + 1)))
        return node

    def expect(self, kind: str, text: str = "") -> Token:
        """Take the next word, which must be this one."""
        word = self._words[0]
        if word.kind != kind or (text and word.text != text):
            raise ExpressionError(
                f"{text or kind} is missing before {word.text!r} in {self._text!r}"
            )
        return self._take()

    def _take(self) -> Token:
        return self._words.pop(0)

    def _skip(self, sign: str) -> bool:
        if self._words[0] == Token("sign", sign):
            self._take()
            return True
        return False

    def _unary(self) -> Node:
        if self._skip("!"):
            return Operation("!", (self._unary(),))
        return self._members(self._primary())

    def _primary(self) -> Node:
        word = self._take()
        match word.kind:
            case "number":
                return Literal(float(word.text))
            case "string":
                return Literal(word.text[1:-1].replace("''", "'"))
            case "name" if word.text in _WORDS:
                return Literal(_WORDS[word.text])
            case "name" if self._skip("("):
                return Call(word.text, self._arguments())
            case "name":
                return Context(word.text)
            case "sign" if word.text == "(":
                node = self.binary(0)
                self.expect("sign", ")")
                return node
        raise ExpressionError(f"a value is missing before {word.text!r} in {self._text!r}")

    def _arguments(self) -> tuple[Node, ...]:
        if self._skip(")"):
            return ()
        found = [self.binary(0)]
        while self._skip(","):
            found.append(self.binary(0))
        self.expect("sign", ")")
        return tuple(found)

    def _members(self, node: Node) -> Node:
        while True:
            if self._skip("."):
                key = None if self._skip("*") else Literal(self.expect("name").text)
                node = Member(node, key)
            elif self._skip("["):
                node = Member(node, self.binary(0))
                self.expect("sign", "]")
            else:
                return node
