"""S5: what the containers of a deploy, and others that the project declares, may do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from ...runner.creation import container_request
from ...runner.values import InventoryError, Server
from ..containers import declared_faults, request_faults
from ..verdict import Finding, Verdict, judged, together
from ..yaml_values import documents, every_mapping
from .context import Source

_CONTAINERS = "containers of the application"
_MADE_UP = frozenset(("tests", "molecule"))


def check(source: Source) -> Verdict:
    """Look at the request that each server's engine would get, and at every YAML file."""

    def look(place: str, server: Server) -> Verdict:
        try:
            request = container_request(server.role(source.role("release")))
        except InventoryError as error:
            return judged([Finding(f"{error}", place)], 1, _CONTAINERS)
        found = [Finding(fault, place, 0, fault) for fault in request_faults(request)]
        return judged(found, 1, _CONTAINERS)

    asked = source.each_server(look)
    declared = [
        finding
        for path, text in source.project.texts(".yml", ".yaml")
        if not set(PurePosixPath(path).parts) & _MADE_UP
        for finding in in_file(path, text)
    ]
    note = "This product starts no PostgreSQL and no Redis; where they listen is R9."
    parts = [("", asked)]
    if declared:
        parts.append(("", judged(declared, len(declared), "declared containers", note)))
    return together(parts)


def in_file(path: str, text: str) -> Iterator[Finding]:
    """Yield what is wrong with the containers that a YAML file declares."""
    try:
        for document in documents(text):
            for mapping in every_mapping(document):
                if isinstance(mapping.get("image"), str):
                    for fault in declared_faults(mapping):
                        yield Finding(fault, path, mapping.line, fault)
    except ValueError as error:
        yield Finding(f"cannot be read ({error})", path, 0, "unreadable")
