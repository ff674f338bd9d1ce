"""The command ``iactl hipaa``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from .command import finish
from .options import AsJson, Debug
from .report import Report

_Folder = Optional[Path]


def hipaa_commands() -> typer.Typer:
    """Return the command."""
    app = typer.Typer()

    @app.command()
    def hipaa(
        source: Annotated[
            bool, typer.Option("--source", help="Look at a project's source and configuration.")
        ] = False,
        project: Annotated[_Folder, typer.Option(help="Its top folder; by default here.")] = None,
        image: Annotated[
            str, typer.Option(metavar="REF", help="Look at an image: a reference, or an archive.")
        ] = "",
        history: Annotated[
            str, typer.Option(metavar="A..B", help="Look for secrets in these commits too.")
        ] = "",
        evidence: Annotated[
            _Folder, typer.Option(help="Folder with the gates' results; by default the project.")
        ] = None,
        pushed_digest: Annotated[
            str, typer.Option(metavar="DIGEST", help="What was pushed and is to be deployed.")
        ] = "",
        output: Annotated[Path, typer.Option(help="Folder for the reports.")] = Path("."),
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Security tests of a source or an image, as evidence for a risk analysis under HIPAA."""

        def work() -> Report:
            from .hipaa.command import Request, run  # pylint: disable=import-outside-toplevel

            return run(Request(source, image, project, evidence, history, pushed_digest, output))

        finish(work, as_json, debug)

    return app
