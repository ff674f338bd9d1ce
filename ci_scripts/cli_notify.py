"""The commands of ``iactl notify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from . import inputs, notifications
from .command import finish
from .environments import find_environment
from .options import Actor, AsJson, Debug, Env, Inventories
from .report import Report

Kind = Annotated[str, typer.Argument(metavar="EVENT", help="Such as succeeded or needs_human.")]
Html = Annotated[Optional[Path], typer.Option(help="Write the e-mail as a page.")]


def notify_commands() -> typer.Typer:
    """Return the commands."""
    app = typer.Typer(
        name="notify", help="See and test what Slack, e-mail and webhook get.", no_args_is_help=True
    )

    @app.command()
    def preview(
        event: Kind, html: Html = None, as_json: AsJson = False, debug: Debug = False
    ) -> None:
        """Show what would be sent on each channel, with made-up facts. Sends nothing."""

        def work() -> Report:
            from .preview import preview as it  # pylint: disable=import-outside-toplevel

            return it(event, html)

        finish(work, as_json, debug)

    @app.command()
    def test(
        env: Env,
        inventories: Inventories = None,
        actor: Actor = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Send a test message to every channel of ENV, and say how each went."""

        def work() -> Report:
            environment = find_environment(env, inventories)
            return notifications.test(environment, inputs.actor(actor))

        finish(work, as_json, debug)

    @app.command()
    def findings(
        env: Env,
        evidence: Annotated[
            Path, typer.Option(metavar="FOLDER", help="It holds one folder per scan.")
        ],
        expect: Annotated[
            Optional[list[str]], typer.Option(metavar="NAME", help="A scan that must be there.")
        ] = None,
        inventories: Inventories = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Tell every channel of ENV what the gates of a scan found; nobody, when it is nothing."""

        def work() -> Report:
            from .findings import tell_findings  # pylint: disable=import-outside-toplevel

            return tell_findings(find_environment(env, inventories), evidence, expect or ())

        finish(work, as_json, debug)

    return app
