"""Texts with `${{ }}` in them, and conditions."""

from __future__ import annotations

import re
from typing import Any

from . import functions
from .evaluate import Scope, Status, evaluate
from .syntax import Call, Member, Node, Operation, parse
from .values import text, truthy

_PART = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


def fill(value: Any, scope: Scope) -> Any:
    """Return a value of the YAML with its expressions evaluated; raises ExpressionError.

    A text that is one expression and nothing else keeps the kind of its value.
    """
    if isinstance(value, dict):
        return {key: fill(one, scope) for key, one in value.items()}
    if isinstance(value, list):
        return [fill(one, scope) for one in value]
    if not isinstance(value, str):
        return value
    whole = _PART.fullmatch(value.strip())
    if whole is not None and "${{" not in whole.group(1):
        return evaluate(whole.group(1), scope)
    return _PART.sub(lambda part: text(evaluate(part.group(1), scope)), value)


def expressions(value: str) -> list[str]:
    """Return the expressions in a text, without their signs."""
    return [one.strip() for one in _PART.findall(value)]


def condition(written: str | bool | None, scope: Scope, status: Status) -> bool:
    """Whether an `if:` holds; without a status function it also asks for success()."""
    if written is None or written == "":
        written = "success()"
    if isinstance(written, bool):
        return written and evaluate("success()", scope.with_status(status)) is True
    bare = written.strip()
    whole = _PART.fullmatch(bare)
    bare = whole.group(1) if whole is not None else bare
    if not _asks_status(parse(bare)):
        bare = f"success() && ({bare})"
    return truthy(evaluate(bare, scope.with_status(status)))


def _asks_status(node: Node) -> bool:
    match node:
        case Call(name, arguments):
            return name in functions.names() or any(map(_asks_status, arguments))
        case Operation(_, operands):
            return any(map(_asks_status, operands))
        case Member(value, key):
            return _asks_status(value) or (key is not None and _asks_status(key))
    return False
