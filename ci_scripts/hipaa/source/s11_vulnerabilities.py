"""S11: the gates for known vulnerabilities passed, and looked at something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...evidence import read_json
from ...gates.store import GATES, parse
from ...gates.verdict import Verdict as Gate
from ...gates.verdict import faults
from ..evidence import missing
from ..verdict import Finding, Verdict, judged
from .context import Source

_REQUIRED = ("bandit", "pip-audit")
# Its service asks for a key; where it cannot run, pip-audit carries the gate.
_OPTIONAL = "safety"


def check(source: Source) -> Verdict:
    """Read the gates' verdicts."""
    document = read_json(source.evidence / GATES)
    if document is None:
        return missing(GATES, source.evidence, asked_for=source.evidence_named)
    gates = parse(document)
    looked_at = [gates[name] for name in (*_REQUIRED, _OPTIONAL) if name in gates]
    found = [Finding(text, GATES, 0, text) for text in gate_faults(gates)]
    return judged(found, len(looked_at), "gates", *(f"{gate.told}." for gate in looked_at))


def gate_faults(gates: Mapping[str, Gate]) -> Iterator[str]:
    """Yield why a gate does not count as passed. Pure."""
    for name in _REQUIRED:
        yield from faults(gates.get(name), name, GATES)
    optional = gates.get(_OPTIONAL)
    if optional is None or not optional.left_out:
        yield from faults(optional, _OPTIONAL, GATES)
