"""Running the checks: each one ends in a verdict, whatever happens in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from ..evidence import EvidenceError
from ..gates.file_names import shown
from ..git import GitError
from ..runner.values import InventoryError
from .catalogue import Check, checks
from .image.archive import ImageError
from .settings import Settings
from .verdict import Finding, Status, Verdict, not_tested

Look = Callable[[], Verdict]
_OTHER_COMMAND = {
    "source": "this run did not look at the source; use --source",
    "image": "this run did not look at an image; use --image",
}


@dataclass(frozen=True)
class Result:
    """A check and what it came to."""

    check: Check
    verdict: Verdict


def run_checks(looks: Mapping[str, Look], settings: Settings, today: date) -> list[Result]:
    """Return a result for every check of the data file.

    Args:
        looks: by a check's id, what carries it out.
        today: for accepted findings that end some day.
    """
    return list(_results(looks, settings, today))


def _results(looks: Mapping[str, Look], settings: Settings, today: date) -> Iterator[Result]:
    for check in checks():
        if check.not_tested:
            yield Result(check, not_tested(f"Not tested here: {check.not_tested}."))
        elif check.id in looks:
            yield Result(check, accept(check.id, _carried_out(looks[check.id]), settings, today))
        else:
            yield Result(check, not_tested(f"Not tested: {_OTHER_COMMAND[check.target]}."))


def _carried_out(look: Look) -> Verdict:
    """Return a check's verdict; one that breaks is an error and stops no other check."""
    return _writable(_looked(look))


def _looked(look: Look) -> Verdict:
    try:
        return look()
    except (EvidenceError, GitError, ImageError, InventoryError) as error:
        return Verdict(Status.ERROR, f"{error}.")
    except Exception as error:  # pylint: disable=broad-exception-caught
        return Verdict(Status.ERROR, f"The check broke: {type(error).__name__}: {error}.")


def _writable(verdict: Verdict) -> Verdict:
    """Return a verdict that every report can hold, with files' names as ``hipaa.toml`` takes
    them."""
    return replace(
        verdict,
        reason=shown(verdict.reason),
        findings=tuple(
            replace(one, text=shown(one.text), place=shown(one.place), key=shown(one.key))
            for one in verdict.findings
        ),
        notes=tuple(map(shown, verdict.notes)),
    )


def accept(check: str, verdict: Verdict, settings: Settings, today: date) -> Verdict:
    """Return a verdict without the findings that somebody accepted with a reason. Pure.

    Of a check whose findings are all accepted, what else it came to stays: an error, or a part
    that was not tested, is nothing that anybody accepted.
    """

    def accepted(finding: Finding) -> bool:
        return any(one.covers(check, finding, today) for one in settings.accepted)

    left = tuple(finding for finding in verdict.findings if not accepted(finding))
    count = len(verdict.findings) - len(left)
    if verdict.status is not Status.FAIL or count == 0:
        return verdict
    note = f"{count} accepted with a reason in hipaa.toml."
    notes = (*verdict.notes, note)
    if left:
        return replace(verdict, findings=left, notes=notes)
    return Verdict(verdict.without_findings, verdict.reason, (), notes)
