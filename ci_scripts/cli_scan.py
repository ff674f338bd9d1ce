"""The command ``iactl scan``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .command import finish
from .options import AsJson, Debug, Only, Output, ProjectFolder
from .report import Report


def scan_commands() -> typer.Typer:
    """Return the command."""
    app = typer.Typer()

    @app.command()
    def scan(
        project: ProjectFolder = None,
        output: Output = Path("."),
        only: Only = "",
        osv_url: Annotated[
            str,
            typer.Option(
                metavar="URL",
                envvar="IADEPLOY_OSV_URL",
                help="Ask this OSV service about packages, in place of PyPI.",
            ),
        ] = "",
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Look for vulnerabilities in a project's source and in the packages that it locks."""

        def work() -> Report:
            # pylint: disable=import-outside-toplevel
            from .gates.project import find_project
            from .gates.run import run
            from .gates.scan import SCAN

            found = find_project(project)
            if osv_url:
                wanted = replace(found.settings.scan, osv_url=osv_url)
                found = replace(found, settings=replace(found.settings, scan=wanted))
            return run(SCAN, found, output, found.python(), only)

        finish(work, as_json, debug, show_verdicts)

    return app


def show_verdicts(console: Console, report: Report) -> None:
    """Print a report of gates."""
    from .gates.reports.table import print_verdicts  # pylint: disable=import-outside-toplevel

    print_verdicts(console, report)
