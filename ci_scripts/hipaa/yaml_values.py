"""Single values of a YAML file with the names above them and their lines. Pure.

Ansible's own tags are taken as they are: nothing is decrypted and no template is rendered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
    try:
        for document in yaml.compose_all(text, Loader=yaml.SafeLoader):
            if document is not None:
                yield from _below(document, ())
    except yaml.YAMLError as error:
        raise ValueError(f"no YAML: {str(error).partition(chr(10))[0]}") from error


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
