"""safety: known vulnerabilities of the locked packages, by a second database.

It asks its own service before anything else, prints a banner before its JSON, and ends with 0 for
requirements that it did not understand. Without a key or a database, and while its service cannot
be reached, it does not run: pip-audit carries the gate. Its public database is for non-commercial
use, so none comes with this product. It wants other versions than iactl of what both use: it is a
program on the search path, with an environment of its own (``pipx install safety``).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ...evidence import EvidenceError, read_json
from .. import tool
from ..job import Job
from ..locks import Pin, rounds
from ..verdict import Finding, Verdict, error, judged, not_run
from . import packages

NAME, RESULTS = "safety", "safety-results.json"
KEY, DATABASE = "SAFETY_API_KEY", "SAFETY_DB_DIR"
_CARRIED = "pip-audit carries the gate"
# Its exit codes 66 and 68, and what httpx raises where nobody answers.
_TOO_MANY_REQUESTS, _CANNOT_FETCH = 66, 68
_UNREACHABLE = re.compile(r"^httpx\.(?:Connect|Read|Proxy|Pool|Network|RemoteProtocol)\w*", re.M)


def run(job: Job, environ: Mapping[str, str] = os.environ) -> Verdict:
    """Ask about every package of the project's lock files."""
    pins = packages.pins_of(job.project)
    if not environ.get(KEY) and not environ.get(DATABASE):
        return not_run(NAME, f"There is no {KEY} and no {DATABASE}; {_CARRIED}.", optional=True)
    documents: list[Any] = []
    with TemporaryDirectory(prefix="iactl-") as folder:
        for group in rounds(pins):
            answer = _ask(group, Path(folder), environ.get(DATABASE, ""))
            if isinstance(answer, str):
                return not_run(NAME, f"{answer}; {_CARRIED}.", optional=True)
            documents.append(answer)
    text = json.dumps(documents[0] if len(documents) == 1 else documents, indent=2) + "\n"
    (job.output / RESULTS).write_text(text, encoding="utf-8")
    return judge(documents, pins, _data_date(environ.get(DATABASE, "")))


def _ask(pins: Sequence[Pin], folder: Path, database: str) -> Any:
    """Return its report, or a text that says why its service did not answer."""
    wanted, results = folder / "requirements.txt", folder / "results.json"
    wanted.write_text(packages.requirements(pins), encoding="utf-8")
    results.unlink(missing_ok=True)
    ran = tool.run(command(wanted, results, database), folder)
    document = read_json(results)
    if document is not None:
        return document
    unreachable = _UNREACHABLE.search(ran.err)
    if unreachable or ran.code in (_TOO_MANY_REQUESTS, _CANNOT_FETCH):
        return f"Its service does not answer: {ran.last_words}"
    raise tool.ToolBroke(f"safety left no results: {ran.last_words}")


def command(wanted: Path, results: Path, database: str) -> list[str]:
    """Return how to start it; the key stays in the environment."""
    offline = ["--db", str(Path(database).absolute())] if database else []
    options = ["--file", str(wanted), "--save-json", str(results), *offline]
    return [
        *tool.binary(NAME, "pipx install safety"),
        "--disable-optional-telemetry",
        "check",
        *options,
    ]


def judge(documents: Sequence[Any], pins: Sequence[Pin], data_date: str) -> Verdict:
    """Return the verdict on safety's reports, the control among each. Pure.

    Args:
        documents: one report per round.
        pins: what it was to ask about, without the control.

    Raises:
        EvidenceError: a document is none of safety's.
    """
    by_name = {(pin.name, pin.version): pin for pin in pins}
    try:
        looked_at = {
            (row["name"], row["version"])
            for one in documents
            for row in one["scanned_packages"].values()
        }
        counted = sum(int(one["report_meta"]["packages_found"]) for one in documents)
        rows = [row for one in documents for row in one["vulnerabilities"]]
        silenced = [row for one in documents for row in one["ignored_vulnerabilities"]]
        tool_version = str(documents[0]["report_meta"]["safety_version"])
        proved = all(_names_control(one["vulnerabilities"]) for one in documents)
        findings = list(_findings([*rows, *silenced], by_name))
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as problem:
        raise EvidenceError(f"{RESULTS} cannot be understood: {problem!r}") from problem
    missed = [pin for key, pin in by_name.items() if key not in looked_at]
    if missed or counted < len(pins):
        told = f", such as {missed[0]}" if missed else ""
        reason = f"{len(missed)} of {len(pins)} packages were not looked at{told}."
        return error(NAME, reason, tool_version=tool_version)
    if not proved:
        reason = f"The database does not know {packages.CONTROL}, which is vulnerable."
        return error(NAME, f"{reason} Its answers prove nothing.", tool_version=tool_version)
    return judged(
        NAME, findings, len(pins), "packages", tool_version=tool_version, data_date=data_date
    )


def _key(row: dict[str, Any]) -> tuple[str, str]:
    return str(row["package_name"]), str(row["analyzed_version"])


def _names_control(rows: Sequence[dict[str, Any]]) -> bool:
    return any(_key(row) == (packages.CONTROL.name, packages.CONTROL.version) for row in rows)


def _findings(
    rows: Sequence[dict[str, Any]], pins: Mapping[tuple[str, str], Pin]
) -> Iterator[Finding]:
    for row in rows:
        pin = pins.get(_key(row))
        if pin is None:
            continue
        yield packages.vulnerability(
            pin,
            str(row["vulnerability_id"]),
            row.get("fixed_versions") or (),
            row.get("advisory"),
            [str(row["CVE"])] if row.get("CVE") else [],
        )


def _data_date(database: str) -> str:
    """Return the date of a local database, or this moment for the service's own."""
    if not database:
        return packages.now()
    document = read_json(Path(database) / "insecure_full.json")
    try:
        stamp = datetime.fromtimestamp(float(document["meta"]["timestamp"]), timezone.utc)
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as problem:
        raise EvidenceError(f"{DATABASE}: the database has no date: {problem!r}") from problem
    return f"{stamp:%Y-%m-%dT%H:%M:%SZ}"
