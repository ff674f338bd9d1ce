"""What a gate came to. Pure.

The order is: was everything looked at (else error), is anything wrong (else pass), did somebody
accept it with an end (``allow.py``). A scanner that looked at nothing has not passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class Outcome(StrEnum):
    """The four words for a gate's result; only the first one is a pass."""

    PASS = "pass"  # nosec B105 - a result
    FAIL = "fail"
    ERROR = "error"
    NOT_RUN = "not_run"


@dataclass(frozen=True)
class Finding:
    """One thing that a tool found.

    Attributes:
        id: the tool's rule, or the vulnerability, such as ``B602`` or ``CVE-2024-1234``.
        text: what is wrong, one sentence.
        subject: what it is in: a file's path or a package's name. The allow-list names it.
        path: the file that shows it, relative to the project; empty where there is none.
        line: line in that file, 0 where there is none.
        severity: the tool's own word, an empty string where it has none.
        aliases: other ids of the same thing.
    """

    id: str
    text: str
    subject: str = ""
    path: str = ""
    line: int = 0
    severity: str = ""
    aliases: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        where = place if self.subject in ("", self.path) else f"{self.subject} ({place})"
        told = f"{self.id}: {self.text}"
        return f"{where.removesuffix(' ()')}: {told}" if where else told


@dataclass(frozen=True)
class Accepted:
    """A finding that somebody accepted, with the words of the allow-list."""

    finding: Finding
    reason: str
    owner: str
    expires: str


@dataclass(frozen=True)
class Verdict:
    """A gate's result.

    Attributes:
        gate: its name, such as ``pip-audit``.
        reason: why, one sentence; for a pass, what was looked at.
        scanned: how many files, packages or tests it looked at.
        tool_version: an empty string where the tool does not say it.
        data_date: date of the data that it compared with (ISO 8601, UTC), or an empty string.
        findings: what is wrong, for a fail.
        accepted: what would be wrong without the allow-list.
        notes: what else a reader should know.
        optional: whether ``not_run`` stops nothing, because another gate does the work or because
            there is nothing that it could look at.
        at: when it was judged (ISO 8601, UTC); the store sets it.
        commit: the commit that was checked out then, or an empty string.
    """

    gate: str
    verdict: Outcome
    reason: str
    scanned: int = 0
    tool_version: str = ""
    data_date: str = ""
    findings: tuple[Finding, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    notes: tuple[str, ...] = ()
    optional: bool = False
    at: str = ""
    commit: str = ""

    @property
    def blocks(self) -> bool:
        """Whether nothing may go on: everything but a pass, and but a not_run that is allowed."""
        return self.verdict is not Outcome.PASS and not self.left_out

    @property
    def left_out(self) -> bool:
        """Whether it did not run, with a reason, and did not have to."""
        return self.verdict is Outcome.NOT_RUN and self.optional and bool(self.reason)

    @property
    def told(self) -> str:
        """The gate in one line."""
        tool = f"{self.gate} {self.tool_version}".strip()
        data = f", data of {self.data_date}" if self.data_date else ""
        return f"{tool}: {self.verdict.value}, {self.scanned} scanned{data}"


def judged(
    gate: str,
    findings: Iterable[Finding],
    scanned: int,
    what: str,
    *,
    tool_version: str = "",
    data_date: str = "",
    notes: Iterable[str] = (),
) -> Verdict:
    """Return error when nothing was looked at, fail with findings, else pass.

    Args:
        what: the name of what was looked at, in the plural, such as "files".
    """
    found = tuple(findings)
    things = what.removesuffix("s") if scanned == 1 else what
    told = Verdict(
        gate,
        Outcome.FAIL if found else Outcome.PASS,
        f"{counted(found)} in {scanned} {things}.",
        scanned,
        tool_version,
        data_date,
        found,
        notes=tuple(notes),
    )
    if scanned > 0:
        return told
    return replace(told, verdict=Outcome.ERROR, reason=f"It looked at no {what}.")


def counted(findings: Iterable[Finding]) -> str:
    """Return how many findings there are, in words."""
    number = len(tuple(findings))
    return {0: "Nothing wrong", 1: "1 finding"}.get(number, f"{number} findings")


def error(gate: str, reason: str, *, tool_version: str = "") -> Verdict:
    """Return that the tool broke, or that it left something out."""
    return Verdict(gate, Outcome.ERROR, reason, tool_version=tool_version)


def not_run(gate: str, reason: str, *, optional: bool = False) -> Verdict:
    """Return that nothing is known, and why."""
    return Verdict(gate, Outcome.NOT_RUN, reason, optional=optional)


def faults(verdict: Verdict | None, name: str, source: str) -> Iterator[str]:
    """Yield why a gate does not count as passed for somebody who reads it later.

    Args:
        name: the gate's name.
        source: where its verdict was looked for.
    """
    if verdict is None:
        yield f"the gate {name} is missing in {source}"
    elif verdict.verdict is not Outcome.PASS:
        yield f"the gate {name} came to {verdict.verdict.value}: {verdict.reason}"
    elif verdict.scanned <= 0:
        yield f"the gate {name} looked at nothing"
