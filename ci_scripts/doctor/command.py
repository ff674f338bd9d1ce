"""``iactl doctor --github``: what of a repository's secrets and variables is missing here."""

from __future__ import annotations

import os
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .. import github, view
from ..exits import Exit, bad_input
from ..markdown import cell, row
from ..report import Report
from .examine import Found, State, chosen, examine
from .needs import REPOSITORY, needs


def doctor(environment: str, job: str, environ: Mapping[str, str] = os.environ) -> Report:
    """Tell which secrets and variables are set, which are wrong, which are missing.

    Raises:
        CommandError: no need is of that environment or job.
    """
    known = {name for one in needs() for name in one.environments} - {REPOSITORY}
    if environment and environment not in known:
        raise bad_input("--environment", environment, f"one of: {', '.join(sorted(known))}")
    jobs = {name for one in needs() for name in one.jobs}
    if job and job not in jobs:
        raise bad_input("--job", job, f"one of: {', '.join(sorted(jobs))}")
    found = examine(chosen(needs(), environment, job), environ)
    github.add_summary(_summary(found))
    return told(found)


def told(found: list[Found]) -> Report:
    """Return what the command prints. Pure."""
    report = Report("doctor", "")
    stops = [one for one in found if one.stops]
    count = {state: sum(1 for one in found if one.state is state) for state in State}
    report.message = ", ".join(
        f"{number} {state.value}" for state, number in count.items() if number
    )
    report.message += ": secrets and variables in this environment."
    report.data["needs"] = [
        {
            "name": one.need.name,
            "state": one.state.value,
            "required": one.need.required,
            "environments": list(one.need.environments),
            "jobs": list(one.need.jobs),
            "why": one.why,
        }
        for one in found
    ]
    if stops:
        report.exit = Exit.GATE_FAILED
        report.details = [_line(one) for one in stops]
        report.next_step = "Set them in the repository's settings, under the environment named."
    return report


def print_doctor(console: Console, report: Report) -> None:
    """Print the table and the result."""
    table = Table("name", "state", "set it in", "needed by", box=None, pad_edge=False)
    for one in report.data.get("needs", []):
        state = one["state"] if one["required"] or one["state"] != "left out" else "optional"
        told_row = (one["name"], state, ", ".join(one["environments"]), ", ".join(one["jobs"]))
        table.add_row(*map(Text, told_row))
    if table.row_count:
        console.print(table)
    view.print_report(console, report)


def _line(one: Found) -> str:
    where = ", ".join(one.need.environments)
    if one.state is State.WRONG:
        return f"{one.why} ({where})"
    return f"{one.need.name} is missing ({where}): {one.need.what}. {one.need.make}."


def _summary(found: list[Found]) -> str:
    lines = ["### Secrets and variables", "", row(("name", "state", "set it in", "what"))]
    lines.append(row(("---",) * 4))
    for one in found:
        where = ", ".join(one.need.environments)
        lines.append(row(tuple(map(cell, (one.need.name, one.state.value, where, one.need.what)))))
    return "\n".join(lines) + "\n\n"
