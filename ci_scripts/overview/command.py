"""``iactl ci summary``: one page of Markdown for a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import github
from ..evidence import EvidenceError
from ..exits import CommandError, Exit, bad_input
from ..gates.reports.summary import summary as gates_summary
from ..gates.store import read
from ..gates.verdict import Verdict
from ..markdown import cell, row
from ..report import Report
from .results import Told, results

FILE = "summary.md"
_MOST_BYTES = 900_000  # GitHub takes 1 MiB for each step, and nothing of a longer one


@dataclass(frozen=True)
class Page:
    """What a folder holds.

    Attributes:
        verdicts: by the file that they are in, relative to the folder.
        broken: files that cannot be understood, with why.
        results: other results, with the file that each is in.
    """

    verdicts: Mapping[str, Sequence[Verdict]]
    broken: Mapping[str, str]
    results: Sequence[tuple[str, Told]]

    @property
    def blocking(self) -> list[str]:
        """The gates that stop something, with their files."""
        return [
            f"{name}: {one.gate} {one.verdict.value}"
            for name, found in self.verdicts.items()
            for one in found
            if one.blocks
        ]


def summarise(folder: Path) -> Report:
    """Write the page, and on GitHub add it to the step summary.

    Raises:
        CommandError: the folder is none, or cannot be written to.
    """
    if not folder.is_dir():
        raise bad_input("--output", str(folder), "the folder with the artifacts")
    page = read_page(folder)
    text = markdown(page)
    try:
        (folder / FILE).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            Exit.BAD_INPUT, f"{folder / FILE} cannot be written: {error}.", "Name another --output."
        ) from error
    github.add_summary(cut(text))
    return _told(page, folder)


def read_page(folder: Path) -> Page:
    """Return what a folder holds."""
    verdicts: dict[str, Sequence[Verdict]] = {}
    broken: dict[str, str] = {}
    for path in sorted(folder.rglob("*-verdicts.json")):
        name = str(path.relative_to(folder))
        try:
            verdicts[name] = list(read(path).values())
        except EvidenceError as error:
            broken[name] = str(error)
    others = [(str(path.relative_to(folder)), said) for path, said in results(folder)]
    return Page(verdicts, broken, others)


def markdown(page: Page) -> str:
    """Return the page. What tools and people wrote makes no markup in it. Pure."""
    parts = ["## Summary\n"]
    lines = [row((cell(what), cell(said), cell(name))) for name, (what, said) in page.results] + [
        row(("**broken**", cell(why), cell(name))) for name, why in page.broken.items()
    ]
    if lines:
        parts.append("\n".join((row(("what", "result", "file")), row(("---",) * 3), *lines)) + "\n")
    parts += [gates_summary(name, found) for name, found in page.verdicts.items()]
    if not page.verdicts:
        parts.append("There are no verdicts.\n")
    return "\n".join(parts)


def cut(text: str) -> str:
    """Return as much of a page as GitHub takes, whole lines. Pure."""
    raw = text.encode()
    if len(raw) <= _MOST_BYTES:
        return text
    kept = raw[:_MOST_BYTES].decode(errors="ignore").rpartition("\n")[0]
    return f"{kept}\n\nThe rest is in {FILE}.\n"


def _told(page: Page, folder: Path) -> Report:
    count = sum(len(found) for found in page.verdicts.values())
    report = Report("ci summary", "", message=f"{folder / FILE} tells {count} verdicts.")
    report.details = page.blocking + [f"{name}: {why}" for name, why in page.broken.items()]
    if not count or page.broken:
        report.exit = Exit.GATE_FAILED
        report.next_step = "A job left nothing, or something broken: look at its own log."
    elif page.blocking:
        report.exit = Exit.GATE_FAILED
        report.next_step = f"{FILE} tells what each of them found."
    report.data = {"verdicts": count, "blocking": len(page.blocking)}
    return report
