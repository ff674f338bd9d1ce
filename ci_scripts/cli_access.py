"""The command ``iactl emergency-access``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer
from iadeploy.access import MOST_MINUTES

from . import emergency, inputs
from .command import finish, watched
from .exits import CommandError, Exit
from .operations import Request
from .options import Actor, AsJson, Debug, Env, Inventories
from .report import Report

_MINUTES = 60


def access_commands() -> typer.Typer:
    """Return the commands."""
    app = typer.Typer()

    @app.command(name="emergency-access")
    def emergency_access(
        env: Env,
        public_key: Annotated[
            Optional[Path], typer.Option(metavar="FILE", help="Whose SSH key is let in.")
        ] = None,
        minutes: Annotated[
            Optional[int], typer.Option(help=f"How long, 1 to {MOST_MINUTES}; else {_MINUTES}.")
        ] = None,
        reason: Annotated[Optional[str], typer.Option(help="Why; kept in the ledger.")] = None,
        end: Annotated[bool, typer.Option("--end", help="End it now, sessions included.")] = False,
        inventories: Inventories = None,
        actor: Actor = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Let an SSH key into ENV's servers, as an account that may become root. Ends by itself."""

        def work() -> Report:
            asked = None if end else _asked(public_key, minutes, reason)
            if end and (public_key, minutes, reason) != (None, None, None):
                raise CommandError(
                    Exit.BAD_INPUT,
                    "--end goes with neither --public-key, --minutes nor --reason.",
                    "Give one or the other.",
                )

            def go(request: Request) -> Report:
                return emergency.end(request) if asked is None else emergency.give(request, asked)

            title = "emergency access" if asked else "end of the emergency access"
            return watched(title, env, inventories, actor, go, steps=True)

        finish(work, as_json, debug)

    return app


def _asked(public_key: Path | None, minutes: int | None, reason: str | None) -> emergency.Asked:
    """Return what is asked for, when it may be given.

    Raises:
        CommandError: it may not; the sentence says why.
    """
    for name, value in (("--public-key", public_key), ("--reason", reason)):
        if value is None:
            raise CommandError(Exit.BAD_INPUT, f"{name} is missing.", "Or end it, with --end.")
    assert public_key is not None and reason is not None
    return emergency.Asked(
        inputs.public_key(public_key),
        inputs.minutes(_MINUTES if minutes is None else minutes),
        inputs.reason(reason),
    )
