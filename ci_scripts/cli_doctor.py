"""The command ``iactl doctor``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from .command import finish
from .exits import CommandError, Exit
from .options import AsJson, Debug
from .report import Report


def doctor_commands() -> typer.Typer:
    """Return the command."""
    app = typer.Typer()

    @app.command()
    def doctor(
        github: Annotated[
            bool, typer.Option("--github", help="Look at the secrets of the workflows.")
        ] = False,
        environment: Annotated[
            str, typer.Option(metavar="ENV", help="Only those of one environment.")
        ] = "",
        job: Annotated[str, typer.Option(metavar="JOB", help="Only those of one job.")] = "",
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Tell which secrets the workflows need, and which are missing here."""

        def work() -> Report:
            if not github:
                raise CommandError(Exit.BAD_INPUT, "Nothing to look at was named.", "Add --github.")
            from .doctor import command as it  # pylint: disable=import-outside-toplevel

            return it.doctor(environment, job)

        def show(console: Console, report: Report) -> None:
            from .doctor import command as it  # pylint: disable=import-outside-toplevel

            it.print_doctor(console, report)

        finish(work, as_json, debug, show)

    return app
