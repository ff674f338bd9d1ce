"""The commands of ``iactl audit``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from . import audit, inputs
from .command import finish, watched
from .operations import Request
from .options import Actor, AsJson, Debug, Env, Inventories
from .report import Report


def audit_commands() -> typer.Typer:
    """Return the commands."""
    app = typer.Typer(name="audit", help="The record of what was done.", no_args_is_help=True)

    @app.command()
    def verify(
        env: Env, inventories: Inventories = None, as_json: AsJson = False, debug: Debug = False
    ) -> None:
        """Check every server's ledger for records that were edited or removed. Exit 5 then."""
        _finish(lambda: audit.verify, env, inventories, None, as_json, debug)

    @app.command()
    def export(
        env: Env,
        output: Annotated[Path, typer.Option(metavar="FOLDER", help="A new folder.")],
        inventories: Inventories = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Copy every server's ledger, to keep it elsewhere. Exit 5 when one is broken."""

        def prepare() -> Callable[[Request], Report]:
            return lambda request: audit.export(request, output)

        _finish(prepare, env, inventories, None, as_json, debug)

    @app.command()
    def acknowledge(
        env: Env,
        reason: Annotated[str, typer.Option(help="Why deploys may go on; kept in the ledger.")],
        inventories: Inventories = None,
        actor: Actor = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Let deploys go on although a ledger is broken. Nothing in it is mended."""

        def prepare() -> Callable[[Request], Report]:
            said = inputs.reason(reason)
            return lambda request: audit.acknowledge(request, said)

        _finish(prepare, env, inventories, actor, as_json, debug)

    return app


def _finish(
    prepare: Callable[[], Callable[[Request], Report]],
    env: str,
    inventories: Path | None,
    actor: str | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Check what was typed, then run the operation to its exit code."""

    def work() -> Report:
        return watched("audit", env, inventories, actor, prepare(), steps=True)

    finish(work, as_json, debug)
