"""The log that a person reads, and the table of a step summary. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from iadeploy.masking import printable

from ...markdown import cell, row
from .. import NOTE
from ..run import Result
from .record import BAD, Record


def log(record: Record) -> str:
    """Return ``security_test.log``."""
    return printable("\n".join(_lines(record))) + "\n"


def counted(record: Record) -> str:
    """Return how many checks came to what, in one line."""
    return ", ".join(f"{count} {status}" for status, count in record.counts.items() if count)


def _lines(record: Record) -> Iterator[str]:
    yield f"Security tests for a risk analysis under HIPAA (45 CFR 164), {record.at}"
    yield f"{NOTE}."
    yield f"Looked at: {', '.join(record.subjects)}"
    if record.commit:
        yield f"Commit: {record.commit}"
    yield f"Tool: iactl {record.version}"
    for name, reason in sorted(record.left_out.items()):
        yield f"Environment left out: {name} ({reason})"
    yield f"Results: {counted(record)}"
    for result in record.results:
        yield ""
        yield from _check(result)


def _check(result: Result) -> Iterator[str]:
    check, verdict = result.check, result.verdict
    yield f"{verdict.status.value.upper():<14}  {check.id:<3}  {check.title}"
    yield f"    {check.severity}; 45 CFR {check.cited}"
    yield f"    {verdict.reason}"
    yield from (f"    - {finding}  (key: {finding.key})" for finding in verdict.findings)
    yield from (f"    Note: {note}" for note in verdict.notes)
    if not check.not_tested:
        yield f"    Limit: {check.limit}"


def summary(record: Record) -> str:
    """Return the Markdown of a step summary."""
    lines = [
        "### Security tests for a risk analysis under HIPAA",
        "",
        f"{NOTE}. {counted(record)}.",
        "",
        "| check | result | what | 45 CFR | why |",
        "|---|---|---|---|---|",
    ]
    lines += [_row(result) for result in record.results]
    return "\n".join(lines) + "\n"


def _row(result: Result) -> str:
    check, verdict = result.check, result.verdict
    status = f"**{verdict.status.value}**" if verdict.status in BAD else verdict.status.value
    return row((cell(check.id), status, *map(cell, (check.title, check.cited, verdict.reason))))
