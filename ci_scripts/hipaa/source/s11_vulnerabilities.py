"""S11: the gates for known vulnerabilities passed, and looked at something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..evidence import missing, read_json
from ..gates import FILE, Gate, faults, read_gates
from ..verdict import Finding, Verdict, judged
from .context import Source

_REQUIRED = ("bandit", "pip-audit")
# Its service asks for a key; where it cannot run, pip-audit carries the gate.
_OPTIONAL = "safety"


def check(source: Source) -> Verdict:
    """Read the gates' verdicts."""
    document = read_json(source.evidence / FILE)
    if document is None:
        return missing(FILE, source.evidence, asked_for=source.evidence_named)
    gates = read_gates(document)
    looked_at = [gates[name] for name in (*_REQUIRED, _OPTIONAL) if name in gates]
    found = [Finding(text, FILE, 0, text) for text in gate_faults(gates)]
    return judged(found, len(looked_at), "gates", *(f"{gate.told}." for gate in looked_at))


def gate_faults(gates: Mapping[str, Gate]) -> Iterator[str]:
    """Yield why a gate does not count as passed. Pure."""
    for name in _REQUIRED:
        yield from faults(gates.get(name), name)
    optional = gates.get(_OPTIONAL)
    if optional is None or optional.verdict != "not_run" or not optional.reason:
        yield from faults(optional, _OPTIONAL)
