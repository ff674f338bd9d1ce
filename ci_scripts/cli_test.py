"""The command ``iactl test``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Optional

import typer

from .cli_scan import show_verdicts
from .command import finish
from .options import AsJson, Debug, Output, ProjectFolder, ProjectPython
from .report import Report


def test_commands() -> typer.Typer:
    """Return the command."""
    app = typer.Typer()

    @app.command()
    def test(
        project: ProjectFolder = None,
        output: Output = Path("."),
        min_coverage: Annotated[
            Optional[float],
            typer.Option(min=0, max=100, help="Least coverage of lines, in percent."),
        ] = None,
        python: ProjectPython = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Run a project's tests in its own environment, and measure their coverage."""

        def work() -> Report:
            # pylint: disable=import-outside-toplevel
            from .gates.project import find_project
            from .gates.run import run
            from .gates.test import TEST

            found = find_project(project)
            if min_coverage is not None:
                wanted = replace(found.settings.test, min_coverage=min_coverage)
                found = replace(found, settings=replace(found.settings, test=wanted))
            return run(TEST, found, output, found.python(python))

        finish(work, as_json, debug, show_verdicts)

    return app
