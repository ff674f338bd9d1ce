"""What single result files say, in a few words each. Pure but for reading the head of XML."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree  # nosec B405 - the first tag only
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..evidence import EvidenceError, read_json
from ..image.records import RELEASE

Told = tuple[str, str]


def release(document: Any) -> Told:
    """Return the image that was pushed."""
    return "image", f"{document['image']}, tags {', '.join(document['tags'])}"


def hipaa(document: Any) -> Told:
    """Return how many security tests came to what."""
    counts = [f"{count} {name}" for name, count in document["counts"].items() if count]
    return "HIPAA security tests", f"{', '.join(counts)}; {document['note']}"


def report(document: Any) -> Told:
    """Return what a command of iactl came to."""
    name = f"{document['command']} {document['environment']}".strip()
    return name, f"{document['outcome']}: {document['message']}"


def tests(attributes: dict[str, str]) -> Told:
    """Return how many tests ran."""
    counts = [f"{attributes.get(name, '?')} {name}" for name in ("tests", "failures", "errors")]
    return "tests", ", ".join(counts)


def coverage(attributes: dict[str, str]) -> Told:
    """Return how much of the code the tests ran."""
    return "coverage", f"{float(attributes['line-rate']):.1%} of lines"


_JSON: dict[str, Callable[[Any], Told]] = {
    RELEASE: release,
    "hipaa-results.json": hipaa,
    "*-report.json": report,
}
# Named like a command's report; the gate's verdict tells what is in it.
_TOLD_BY_GATES = frozenset(("pylint-report.json",))
_XML: dict[str, tuple[str, Callable[[dict[str, str]], Told]]] = {
    "junit.xml": ("testsuite", tests),
    "coverage.xml": ("coverage", coverage),
}


def results(folder: Path) -> list[tuple[Path, Told]]:
    """Return every result file below a folder with what it says.

    A file that cannot be understood says so: it is not left out.
    """
    found: list[tuple[Path, Told]] = []
    for pattern, say in _JSON.items():
        for path in sorted(folder.rglob(pattern)):
            if path.name not in _TOLD_BY_GATES:
                found.append((path, _said(path, say)))
    for pattern, (tag, tell) in _XML.items():
        for path in sorted(folder.rglob(pattern)):
            found.append((path, _head_said(path, tag, tell)))
    return found


def _said(path: Path, say: Callable[[Any], Told]) -> Told:
    try:
        return say(read_json(path))
    except (EvidenceError, KeyError, TypeError, AttributeError, ValueError) as error:
        return path.name, f"cannot be understood: {error!r}"


def _head_said(path: Path, tag: str, tell: Callable[[dict[str, str]], Told]) -> Told:
    try:
        for _, element in ElementTree.iterparse(path, events=("start",)):  # nosec B314
            if element.tag == tag:
                return tell(dict(element.attrib))
        raise ValueError(f"there is no {tag} in it")
    except (ElementTree.ParseError, OSError, KeyError, ValueError) as error:
        return path.name, f"cannot be understood: {error!r}"
