"""``gate-verdicts.json`` and its like: the gates' verdicts on disk, merged by gate."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..evidence import EvidenceError, read_json
from ..exits import CommandError, Exit
from .verdict import Accepted, Finding, Outcome, Verdict

GATES, LINT, TESTS = "gate-verdicts.json", "lint-verdicts.json", "test-verdicts.json"
SCHEMA = 1


def parse(document: Any, name: str = GATES) -> dict[str, Verdict]:
    """Return the verdicts of a document by their gates. Pure.

    Raises:
        EvidenceError: it has another schema, lacks a field, or a word in it is no outcome.
    """
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise EvidenceError(f"{name} has not schema {SCHEMA}")
    try:
        return {str(one["gate"]): _verdict(one) for one in document["verdicts"]}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EvidenceError(f"{name} cannot be understood: {error!r}") from error


def to_json(verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """Return the document that ``parse`` reads. Pure."""
    return {"schema": SCHEMA, "verdicts": [asdict(one) for one in verdicts]}


def read(path: Path) -> dict[str, Verdict]:
    """Return the verdicts of a file by their gates; none where there is no such file.

    Raises:
        EvidenceError: the file cannot be understood.
    """
    document = read_json(path)
    return {} if document is None else parse(document, path.name)


def forget(path: Path, gates: Collection[str]) -> None:
    """Take gates out of a file before they run, so that a run that is killed leaves no old pass.

    Raises:
        CommandError: the file cannot be understood, or the folder cannot be written to.
    """
    kept = _known(path)
    if kept.keys() & set(gates):
        _write(path, [one for gate, one in kept.items() if gate not in gates])


def merge(path: Path, verdicts: Iterable[Verdict], *, commit: str = "") -> list[Verdict]:
    """Put verdicts into a file in the place of the same gates' older ones; return all of it.

    Args:
        commit: the commit that was checked out, or an empty string.

    Raises:
        CommandError: the file cannot be understood, or the folder cannot be written to.
    """
    at = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    fresh = {one.gate: replace(one, at=at, commit=commit) for one in verdicts}
    merged = list({**_known(path), **fresh}.values())
    _write(path, merged)
    return merged


def _known(path: Path) -> dict[str, Verdict]:
    try:
        return read(path)
    except EvidenceError as error:
        raise CommandError(
            Exit.BAD_INPUT,
            f"{path.parent}: {error}.",
            "Remove the file, or name another folder with --output.",
        ) from error


def _write(path: Path, verdicts: Iterable[Verdict]) -> None:
    text = json.dumps(to_json(verdicts), indent=2) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise CommandError(
            Exit.BAD_INPUT,
            f"{path} cannot be written: {error}.",
            "Name a folder that can be written to with --output.",
        ) from error


def _verdict(one: dict[str, Any]) -> Verdict:
    return Verdict(
        gate=str(one["gate"]),
        verdict=Outcome(one["verdict"]),
        reason=str(one.get("reason") or ""),
        scanned=int(one.get("scanned") or 0),
        tool_version=str(one.get("tool_version") or ""),
        data_date=str(one.get("data_date") or ""),
        findings=tuple(_finding(row) for row in one.get("findings") or ()),
        accepted=tuple(
            Accepted(_finding(row["finding"]), row["reason"], row["owner"], row["expires"])
            for row in one.get("accepted") or ()
        ),
        notes=tuple(str(note) for note in one.get("notes") or ()),
        optional=one.get("optional") is True,
        at=str(one.get("at") or ""),
        commit=str(one.get("commit") or ""),
    )


def _finding(row: dict[str, Any]) -> Finding:
    return Finding(**{**row, "aliases": tuple(row.get("aliases") or ())})
