"""Placeholders for what an inventory only refers to: a vault's variables, lookups. Pure.

A source check has no vault password and runs no lookup, so ``{{ vault_database_url }}`` has no
value there. A placeholder stands in for it, and is recognised wherever it comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes

_MARK = "reference-to-"
_LOOKUPS = frozenset(("lookup", "query", "q"))
_PARSER = Environment(autoescape=True)  # parses only, renders nothing


def placeholder(name: str) -> str:
    """Return the text that stands for a value which is not known here."""
    return f"{_MARK}{name}"


def is_reference(value: Any) -> bool:
    """Whether a value, or a part of it, is not known here."""
    return _MARK in str(value)


def without_lookups(value: Any) -> Any:
    """Return a value with a placeholder for each text in it that calls a lookup."""
    return _each_text(value, lambda text: placeholder("lookup") if _looks_up(text) else text)


def unknown_names(values: Mapping[str, Any]) -> set[str]:
    """Return the names that values refer to, without a default, and that have none themselves."""
    used: set[str] = set()

    def collect(text: str) -> str:
        used.update(_names(text))
        return text

    _each_text(dict(values), collect)
    return used - set(values)


def names_in(text: str) -> set[str]:
    """Return every name that a template reads, attributes and keys of variables included."""
    tree = _parsed(text)
    if tree is None:
        return set()
    names = {one.name for one in tree.find_all(nodes.Name) if one.ctx == "load"}
    names |= {one.attr for one in tree.find_all(nodes.Getattr)}
    keys = (one.arg for one in tree.find_all(nodes.Getitem))
    return names | {str(key.value) for key in keys if isinstance(key, nodes.Const)}


def _each_text(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _each_text(one, change) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_each_text(one, change) for one in value]
    return value


def _parsed(text: str) -> nodes.Template | None:
    if "{{" not in text and "{%" not in text:
        return None
    try:
        return _PARSER.parse(text)
    except TemplateSyntaxError:
        return None


def _looks_up(text: str) -> bool:
    tree = _parsed(text)
    return tree is not None and any(
        isinstance(call.node, nodes.Name) and call.node.name in _LOOKUPS
        for call in tree.find_all(nodes.Call)
    )


def _names(text: str) -> Iterator[str]:
    tree = _parsed(text)
    if tree is None:
        return
    with_default = {
        id(found)
        for one in tree.find_all(nodes.Filter)
        if one.name in ("default", "d") and one.node is not None
        for found in (one.node, *one.node.find_all(nodes.Name))
    }
    stored = {one.name for one in tree.find_all(nodes.Name) if one.ctx != "load"}
    for one in tree.find_all(nodes.Name):
        if one.ctx == "load" and id(one) not in with_default and one.name not in stored:
            yield one.name
