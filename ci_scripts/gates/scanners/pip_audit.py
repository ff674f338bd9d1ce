"""pip-audit: known vulnerabilities of the locked packages.

Where the index knows nothing it skips every package and ends with 0; without a network it leaves
no file; an advisory of a newer kind it skips with a warning. So the gate counts, and asks about a
release that must be found (``packages.py``). ``--strict`` would end the run at the first skipped
package; without it every one is told, and each is a finding.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ...evidence import EvidenceError, read_json
from .. import tool
from ..job import Job
from ..locks import Pin, rounds
from ..verdict import Finding, Verdict, error, judged
from . import packages

NAME, RESULTS = "pip-audit", "pip-audit-results.json"
_WARNING = re.compile(r"^WARNING:pip_audit\._service\S*?:(?P<text>.+)$", re.MULTILINE)
_ASK_SECONDS = 15


def run(job: Job) -> Verdict:
    """Ask about every package of the project's lock files."""
    pins = packages.pins_of(job.project)
    with TemporaryDirectory(prefix="iactl-") as folder:
        osv_url = job.project.settings.scan.osv_url
        documents = [_ask(group, Path(folder), osv_url) for group in rounds(pins)]
    verdict = judge(documents, pins, packages.now(), tool.version("pip_audit"))
    text = json.dumps(without_control(documents, pins), indent=2) + "\n"
    (job.output / RESULTS).write_text(text, encoding="utf-8")
    return verdict


def _ask(pins: Sequence[Pin], folder: Path, osv_url: str) -> Any:
    wanted, results = folder / "requirements.txt", folder / "results.json"
    wanted.write_text(packages.requirements(pins), encoding="utf-8")
    results.unlink(missing_ok=True)
    ran = tool.run(command(wanted, results, osv_url), folder)
    document = read_json(results)
    if document is None:
        raise tool.ToolBroke(f"pip-audit could not ask: {ran.last_words}")
    warned = _WARNING.search(ran.err)
    if warned:
        raise tool.ToolBroke(f"pip-audit left something out: {warned['text'].strip()}")
    return document


def command(wanted: Path, results: Path, osv_url: str = "") -> list[str]:
    """Return how to start it."""
    service = ["--vulnerability-service", "osv", "--osv-url", osv_url] if osv_url else []
    return [
        *tool.module("pip_audit"),
        *("--requirement", str(wanted), "--no-deps", "--disable-pip"),
        *("--format", "json", "--aliases", "on", "--desc", "on", "--output", str(results)),
        *("--progress-spinner", "off", "--timeout", str(_ASK_SECONDS)),
        *service,
    ]


def judge(
    documents: Sequence[Any], pins: Sequence[Pin], data_date: str, tool_version: str = ""
) -> Verdict:
    """Return the verdict on pip-audit's reports, the control in each. Pure.

    Args:
        documents: one report per round.
        pins: what it was to ask about, without the control.

    Raises:
        EvidenceError: a document is none of pip-audit's.
    """
    try:
        rounds_told = [{_told(row): row for row in one["dependencies"]} for one in documents]
        controls = [_row(one, packages.CONTROL) or {} for one in rounds_told]
        rows = {name: row for one in rounds_told for name, row in one.items()}
        missed = [pin for pin in pins if _row(rows, pin) is None]
        findings = [one for pin in pins for one in _findings(_row(rows, pin) or {}, pin)]
    except (KeyError, TypeError, AttributeError) as problem:
        raise EvidenceError(f"{RESULTS} cannot be understood: {problem!r}") from problem
    if missed:
        reason = f"{len(missed)} of {len(pins)} packages were not looked at, such as {missed[0]}."
        return error(NAME, reason, tool_version=tool_version)
    for control in controls:
        if not control.get("vulns"):
            why = control.get("skip_reason") or "it answers that there is nothing"
            reason = f"The service does not know {packages.CONTROL}, which is vulnerable ({why})."
            return error(NAME, f"{reason} Its answers prove nothing.", tool_version=tool_version)
    return judged(
        NAME, findings, len(pins), "packages", tool_version=tool_version, data_date=data_date
    )


def without_control(documents: Sequence[Any], pins: Sequence[Pin]) -> dict[str, Any]:
    """Return one report of all rounds that tells of the project's packages alone. Pure."""
    rows = [row for one in documents for row in one["dependencies"]]
    control = packages.CONTROL
    own = control in pins
    kept = [row for row in rows if own or _told(row) not in (str(control), control.name)]
    return {"dependencies": kept, "fixes": []}


def _told(row: Mapping[str, Any]) -> str:
    """A skipped package is told without its version."""
    return f"{row['name']}=={row['version']}" if "version" in row else str(row["name"])


def _row(rows: Mapping[str, Any], pin: Pin) -> Any:
    return rows.get(str(pin)) or rows.get(pin.name)


def _findings(row: Mapping[str, Any], pin: Pin) -> Iterator[Finding]:
    if "skip_reason" in row:
        text = f"{pin} was not looked at: {row['skip_reason']}"
        yield Finding("skipped", text, pin.name, pin.path, pin.line)
    for one in row.get("vulns") or ():
        yield packages.vulnerability(
            pin,
            str(one["id"]),
            one.get("fix_versions") or (),
            one.get("description"),
            one.get("aliases") or (),
        )
