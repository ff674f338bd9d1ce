"""The command ``iactl unlock``."""

from __future__ import annotations

from typing import Annotated

import typer

from . import locking
from .command import finish, watched
from .operations import Request
from .options import AsJson, Debug, Env, Inventories
from .report import Report

Force = Annotated[
    bool, typer.Option("--force", help="Also from a run that was heard of a moment ago.")
]


def lock_commands() -> typer.Typer:
    """Return the commands."""
    app = typer.Typer()

    @app.command()
    def unlock(
        env: Env,
        force: Force = False,
        inventories: Inventories = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Take the lock of ENV away from a run that has died. It can change nothing then."""

        def work() -> Report:
            def go(request: Request) -> Report:
                return locking.unlock(request, force=force)

            return watched("unlock", env, inventories, None, go, steps=True)

        finish(work, as_json, debug)

    return app
