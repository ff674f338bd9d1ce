"""YAML files as the checks read them: values and mappings with their lines. Pure.

Ansible's own tags are taken as they are: nothing is decrypted and no template is rendered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

_NULL, _BOOL = "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"


@dataclass(frozen=True)
class Value:
    """One value.

    Attributes:
        names: the keys above it; an element of a list has those of the list.
        text: as written.
        line: in the file, from 1.
        encrypted: whether it is tagged as Ansible's vault.
        said: whether it says anything: not null, not empty, not true or false.
    """

    names: tuple[str, ...]
    text: str
    line: int
    encrypted: bool
    said: bool

    @property
    def name(self) -> str:
        """The key right above it, or an empty string."""
        return self.names[-1] if self.names else ""


def values(text: str) -> Iterator[Value]:
    """Yield every single value of a YAML text.

    Raises:
        ValueError: it is no YAML.
    """
    for document in _composed(text):
        yield from _below(document, ())


class Located(dict[str, Any]):
    """A mapping that knows its line in the file, from 1."""

    line: int = 0


def documents(text: str) -> Iterator[Any]:
    """Yield a YAML text's documents; their mappings are ``Located``, tagged values plain text.

    Raises:
        ValueError: it is no YAML.
    """
    for document in _composed(text):
        yield _plain(document)


def every_mapping(value: Any) -> Iterator[Located]:
    """Yield a document's mappings, the outer ones first."""
    if isinstance(value, Located):
        yield value
        for one in value.values():
            yield from every_mapping(one)
    elif isinstance(value, list):
        for one in value:
            yield from every_mapping(one)


def _composed(text: str) -> Iterator[yaml.Node]:
    try:
        for document in yaml.compose_all(text, Loader=yaml.SafeLoader):
            if document is not None:
                yield document
    except yaml.YAMLError as error:
        raise ValueError(f"no YAML: {str(error).partition(chr(10))[0]}") from error


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        mapping = Located(
            (str(getattr(key, "value", "")), _plain(value)) for key, value in node.value
        )
        mapping.line = node.start_mark.line + 1
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one) for one in node.value]
    if node.tag == _BOOL:
        return node.value.lower() in ("true", "yes", "on")
    return str(node.value)


def _below(node: yaml.Node, names: tuple[str, ...]) -> Iterator[Value]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _below(value, (*names, str(getattr(key, "value", ""))))
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _below(value, names)
    elif isinstance(node, yaml.ScalarNode):
        said = bool(node.value.strip()) and node.tag not in (_NULL, _BOOL)
        yield Value(names, node.value, node.start_mark.line + 1, node.tag == "!vault", said)
