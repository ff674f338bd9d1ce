"""The gates' part of a step summary, in Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...markdown import cell, row
from ..file_names import shown
from ..verdict import Verdict

# A summary may hold 1 MiB; what is cut stands in the artifacts.
_MOST_FINDINGS = 50


def summary(title: str, verdicts: Sequence[Verdict]) -> str:
    """Return the heading, a table of the gates, and a list of what is wrong."""
    return "\n".join(_lines(title, verdicts)) + "\n"


def _lines(title: str, verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield f"### {cell(title)}"
    yield ""
    yield row(("gate", "verdict", "looked at", "why"))
    yield "|---|---|---|---|"
    for one in verdicts:
        reason = cell(shown(one.reason))
        yield row((cell(one.gate), _verdict(one), str(one.scanned or ""), reason))
    yield ""
    told = [f"{one.gate}: {finding}" for one in verdicts for finding in one.findings]
    yield from (f"- {cell(shown(text))}" for text in told[:_MOST_FINDINGS])
    if len(told) > _MOST_FINDINGS:
        yield f"- and {len(told) - _MOST_FINDINGS} more, in the artifacts"
    for one in verdicts:
        for entry in one.accepted:
            text = f"{one.gate}: {entry.finding}; {entry.reason} ({entry.owner})"
            yield f"- accepted until {cell(shown(f'{entry.expires}: {text}'))}"
    yield ""


def _verdict(one: Verdict) -> str:
    word = f"**{one.verdict.value}**" if one.blocks else one.verdict.value
    return f"{word} (allowed)" if one.left_out else word
