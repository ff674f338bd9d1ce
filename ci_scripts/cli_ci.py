"""The commands ``iactl ci``: what the workflows do around a deploy."""

from __future__ import annotations

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
