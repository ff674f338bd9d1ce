"""SARIF 2.1.0 (OASIS standard), one run per gate, for code scanning. Pure.

A gate that could not look has no results, and an invocation that did not succeed: an empty list of
results alone would read as clean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from iadeploy.masking import printable

from ..file_names import raw, shown
from ..verdict import Accepted, Finding, Outcome, Verdict

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_RAN = (Outcome.PASS, Outcome.FAIL)


def sarif(verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """Return the log of all gates."""
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(one) for one in verdicts]}


def _run(one: Verdict) -> dict[str, Any]:
    rules = {found.id for found in (*one.findings, *(entry.finding for entry in one.accepted))}
    driver: dict[str, Any] = {"name": one.gate, "rules": [{"id": rule} for rule in sorted(rules)]}
    if one.tool_version:
        driver["version"] = one.tool_version
    succeeded = one.verdict in _RAN
    level = "note" if succeeded or one.left_out else "error"
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"gates/{one.gate}/"},
        "invocations": [
            {
                "executionSuccessful": succeeded,
                "toolExecutionNotifications": [
                    {
                        "level": level,
                        "message": _text(f"{one.verdict.value}: {one.reason}"),
                    }
                ],
                **({"endTimeUtc": one.at} if one.at else {}),
            }
        ],
        "results": [
            *(_result(one.gate, found) for found in one.findings),
            *(_accepted(one.gate, entry) for entry in one.accepted),
        ],
    }
    if one.commit:
        run["properties"] = {"commit": one.commit}
    return run


def _result(gate: str, finding: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.id,
        "level": "error",
        "message": _text(finding.text),
        "partialFingerprints": {"subject/v1": _fingerprint(gate, finding)},
    }
    properties = {"subject": shown(finding.subject), "severity": finding.severity}
    aliases = {"aliases": list(finding.aliases)} if finding.aliases else {}
    result["properties"] = {
        **{name: value for name, value in properties.items() if value},
        **aliases,
    }
    if finding.path:
        result["locations"] = [{"physicalLocation": _place(finding)}]
    return result


def _accepted(gate: str, entry: Accepted) -> dict[str, Any]:
    why = f"{entry.reason} ({entry.owner}, until {entry.expires})"
    suppression = {"kind": "external", "justification": printable(why)}
    return {**_result(gate, entry.finding), "suppressions": [suppression]}


def _place(finding: Finding) -> dict[str, Any]:
    artifact = {"uri": quote(raw(finding.path.removeprefix("/"))), "uriBaseId": "%SRCROOT%"}
    return {"artifactLocation": artifact, "region": {"startLine": max(finding.line, 1)}}


def _fingerprint(gate: str, finding: Finding) -> str:
    """What stays equal when lines move, so that a known finding is not a new one."""
    return hashlib.sha256(raw("\0".join((gate, finding.id, finding.subject)))).hexdigest()


def _text(text: str) -> dict[str, str]:
    return {"text": printable(shown(text))}
