"""The functions of an expression."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import ExpressionError
from .values import equal, text

if TYPE_CHECKING:
    from .evaluate import Scope, Status

_STATUS: dict[str, Callable[[Status], bool]] = {
    "always": lambda status: True,
    "cancelled": lambda status: status.cancelled,
    "failure": lambda status: status.failed,
    "success": lambda status: not (status.failed or status.cancelled or status.skipped),
}


def call(name: str, arguments: list[Any], scope: Scope, where: str) -> Any:
    """Return what a function comes to; raises ExpressionError for an unknown one."""
    if name in _STATUS and not arguments:
        if scope.status is None:
            raise ExpressionError(f"{name}() stands outside of a condition, in {where!r}")
        return _STATUS[name](scope.status)
    function = scope.functions.get(name) or _PURE.get(name)
    if function is None:
        raise ExpressionError(f"the function {name} is unknown, in {where!r}")
    try:
        return function(*arguments)
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        raise ExpressionError(f"{name} in {where!r}: {error}") from error


def names() -> frozenset[str]:
    """The functions that look at the status."""
    return frozenset(_STATUS)


def _contains(searched: Any, item: Any) -> bool:
    if isinstance(searched, list):
        return any(equal(one, item) for one in searched)
    return text(item).lower() in text(searched).lower()


def _format(template: str, *values: Any) -> str:
    def part(match: re.Match[str]) -> str:
        whole = match.group()
        return whole[0] if whole in ("{{", "}}") else text(values[int(whole[1:-1])])

    return re.sub(r"\{\{|\}\}|\{\d+\}", part, template)


_PURE: dict[str, Callable[..., Any]] = {
    "contains": _contains,
    "endsWith": lambda searched, end: text(searched).lower().endswith(text(end).lower()),
    "format": _format,
    "fromJSON": json.loads,
    "join": lambda items, separator=",": text(separator).join(text(one) for one in items),
    "startsWith": lambda searched, start: text(searched).lower().startswith(text(start).lower()),
    "toJSON": lambda value: json.dumps(value, indent=2),
}
