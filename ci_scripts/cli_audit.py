"""The commands of ``iactl audit``."""

from __future__ import annotations

import typer

from . import operations
from .command import finish, watched
from .operations import Request
from .options import AsJson, Debug, Env, Inventories
from .report import Report


def audit_commands() -> typer.Typer:
    """Return the commands."""
    app = typer.Typer(name="audit", help="Check the record of what was done.", no_args_is_help=True)

    @app.callback()
    def _root() -> None:
        """Keep ``verify`` a command of its own while it is the only one."""

    @app.command()
    def verify(
        env: Env, inventories: Inventories = None, as_json: AsJson = False, debug: Debug = False
    ) -> None:
        """Check every server's ledger for records that were edited or removed. Exit 5 then."""

        def work() -> Report:
            def go(request: Request) -> Report:
                return operations.audit(request)

            return watched("audit", env, inventories, None, go, steps=True)

        finish(work, as_json, debug)

    return app
