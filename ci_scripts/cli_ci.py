"""The commands ``iactl ci``: what the workflows do around a deploy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from .command import finish
from .options import AsJson, Debug, Env, Inventories
from .report import Report


def ci_commands() -> typer.Typer:
    """Return the commands."""
    app = typer.Typer(name="ci", help="What a workflow does around a deploy.")
    _add_prepare(app)
    _add_clean(app)
    _add_fresh(app)
    _add_verify(app)
    _add_summary(app)
    return app


def _add_prepare(app: typer.Typer) -> None:
    @app.command()
    def prepare(
        env: Env, inventories: Inventories = None, as_json: AsJson = False, debug: Debug = False
    ) -> None:
        """Make a private inventory of ENV from the secrets in this environment."""

        def work() -> Report:
            from .prepare import command as it  # pylint: disable=import-outside-toplevel

            return it.prepare(env, inventories)

        finish(work, as_json, debug)


def _add_clean(app: typer.Typer) -> None:
    @app.command()
    def clean(
        env: Annotated[Optional[str], typer.Argument(metavar="ENV", help="By default all.")] = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Remove what 'iactl ci prepare' wrote."""

        def work() -> Report:
            from .prepare import command as it  # pylint: disable=import-outside-toplevel

            return it.clean(env or "")

        finish(work, as_json, debug)


def _add_fresh(app: typer.Typer) -> None:
    @app.command()
    def fresh(
        branch: Annotated[str, typer.Option(help="The branch.")],
        commit: Annotated[str, typer.Option(metavar="SHA", help="The commit, whole.")],
        project: Annotated[
            Optional[Path],
            typer.Option(help="The checkout whose origin is asked; by default here."),
        ] = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Refuse (exit 3) a commit that is not the head of its branch."""

        def work() -> Report:
            from . import heads as it  # pylint: disable=import-outside-toplevel

            return it.fresh(branch, commit, project)

        finish(work, as_json, debug)


def _add_verify(app: typer.Typer) -> None:
    @app.command("verify-production")
    def verify_production(
        evidence: Annotated[Path, typer.Option(help="Folder with the documents.")],
        release: Annotated[Path, typer.Option(help="The record of what is to be deployed.")] = Path(
            "release.json"
        ),
        output: Annotated[Path, typer.Option(help="Folder for the verdicts.")] = Path("."),
        change: Annotated[
            Optional[list[str]],
            typer.Option("--set", metavar="NAME=VALUE", help="Another limit, see docs."),
        ] = None,
        approver: Annotated[
            str, typer.Option(metavar="NAME", help="Who approved; by default GitHub is asked.")
        ] = "",
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Judge whether a release may go to production: seven rules over kept documents."""

        def work() -> Report:
            from .production import verify as it  # pylint: disable=import-outside-toplevel

            return it.verify(it.Request(evidence, release, output, tuple(change or ()), approver))

        finish(work, as_json, debug)


def _add_summary(app: typer.Typer) -> None:
    @app.command()
    def summary(
        output: Annotated[Path, typer.Option(help="Folder with the artifacts.")] = Path("."),
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Write summary.md: every verdict and result in a folder; on GitHub the step summary."""

        def work() -> Report:
            from .overview import command as it  # pylint: disable=import-outside-toplevel

            return it.summarise(output)

        finish(work, as_json, debug)
