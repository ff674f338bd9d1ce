"""The command ``iactl lint``."""

from __future__ import annotations

from pathlib import Path

import typer

from .cli_scan import show_verdicts
from .command import finish
from .options import AsJson, Debug, Only, Output, ProjectFolder, ProjectPython
from .report import Report


def lint_commands() -> typer.Typer:
    """Return the command."""
    app = typer.Typer()

    @app.command()
    def lint(
        project: ProjectFolder = None,
        output: Output = Path("."),
        only: Only = "",
        python: ProjectPython = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Check a project's format, style and types, its playbooks, scripts and Dockerfiles."""

        def work() -> Report:
            # pylint: disable=import-outside-toplevel
            from .gates.lint import LINT
            from .gates.project import find_project
            from .gates.run import run

            found = find_project(project)
            return run(LINT, found, output, found.python(python), only)

        finish(work, as_json, debug, show_verdicts)

    return app
