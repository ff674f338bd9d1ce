"""The command ``iactl package``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from .command import finish
from .options import AsJson, Debug
from .report import Report

_Folder = Optional[Path]


def package_commands() -> typer.Typer:
    """Return the command."""
    app = typer.Typer()

    @app.command()
    def package(
        project: Annotated[
            _Folder, typer.Option(help="The checkout's top folder; by default here.")
        ] = None,
        output: Annotated[
            Path, typer.Option(help="Folder for dist/ and the package; release.json lies there.")
        ] = Path("."),
        inventories: Annotated[
            str, typer.Option(help="Folder of environments, from there.")
        ] = "inventories",
        isolation: Annotated[
            bool, typer.Option(help="Install the project's build backend afresh.")
        ] = True,
        verify: Annotated[
            _Folder,
            typer.Option(metavar="FILE", help="Only check a package, or where it was unpacked."),
        ] = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Build the project, and a package that deploys and rolls back without a checkout."""

        def work() -> Report:
            from .package import make as it  # pylint: disable=import-outside-toplevel

            if verify is not None:
                return it.verify(verify)
            return it.make(it.Request(project, output, inventories, isolation))

        finish(work, as_json, debug)

    return app
