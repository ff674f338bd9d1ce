"""What an expression comes to."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from . import functions
from .errors import ExpressionError
from .syntax import Call, Context, Literal, Member, Node, Operation, parse
from .values import equal, number, truthy

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Closed(dict[str, Any]):
    """A context of which every key is known: another one is a mistake, not null."""


@dataclass(frozen=True)
class Status:
    """How it stands when a condition is looked at; a needed job that was left out is no success."""

    failed: bool = False
    cancelled: bool = False
    skipped: bool = False


@dataclass(frozen=True)
class Scope:
    """What an expression can see: the contexts by name, and the status for conditions.

    A condition's scope has a status; elsewhere success() and its like are refused. `functions` are
    those that need more than their arguments, such as hashFiles().
    """

    contexts: Mapping[str, Any]
    status: Status | None = None
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def with_status(self, status: Status) -> Scope:
        """The scope of a condition."""
        return replace(self, status=status)


def evaluate(text: str, scope: Scope) -> Any:
    """Return what an expression (without `${{ }}`) comes to.

    Raises ExpressionError when it is none, or names something that is not there.
    """
    return _value(parse(text), scope, text)


def _value(node: Node, scope: Scope, text: str) -> Any:
    match node:
        case Literal(value):
            return value
        case Context(name):
            if name not in scope.contexts:
                raise ExpressionError(f"there is no context {name!r} here, in {text!r}")
            return scope.contexts[name]
        case Member():
            return _member(node, scope, text)
        case Call(name, arguments):
            given = [_value(one, scope, text) for one in arguments]
            return functions.call(name, given, scope, text)
        case Operation("!", (operand,)):
            return not truthy(_value(operand, scope, text))
        case Operation(sign, (left, right)):
            return _operation(sign, left, right, scope, text)
    raise ExpressionError(f"{node} in {text!r} cannot be evaluated")


def _operation(sign: str, left: Node, right: Node, scope: Scope, text: str) -> Any:
    first = _value(left, scope, text)
    if sign == "&&":
        return _value(right, scope, text) if truthy(first) else first
    if sign == "||":
        return first if truthy(first) else _value(right, scope, text)
    second = _value(right, scope, text)
    if sign in ("==", "!="):
        return equal(first, second) is (sign == "==")
    return _ORDER[sign](number(first), number(second))


def _member(node: Member, scope: Scope, text: str) -> Any:
    value = _value(node.value, scope, text)
    if node.key is None:
        items = value.values() if isinstance(value, dict) else value or []
        return list(items)
    key = _value(node.key, scope, text)
    if isinstance(value, Closed) and key not in value:
        known = ", ".join(sorted(value)) or "nothing"
        raise ExpressionError(f"{key!r} is unknown in {text!r}; there is {known}")
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list):
        if isinstance(key, float):
            return value[int(key)] if key < len(value) else None
        return [one.get(key) for one in value if isinstance(one, dict)]
    if value is None:
        return None
    raise ExpressionError(f"{text!r} asks for a part of {value!r}")
