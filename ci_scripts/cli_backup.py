"""The commands ``iactl backup`` and ``iactl restore``."""

from __future__ import annotations

import sys
from typing import Annotated, Optional

import typer

from . import backups, inputs
from .command import finish, watched
from .exits import CommandError, Exit
from .operations import Request
from .options import Actor, AsJson, Debug, Env, Inventories
from .report import Report


def backup_commands() -> typer.Typer:
    """Return the commands."""
    app = typer.Typer()

    @app.command()
    def backup(
        env: Env,
        only_list: Annotated[
            bool, typer.Option("--list", help="Only list the backups; make none.")
        ] = False,
        inventories: Inventories = None,
        actor: Actor = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Back the database of ENV up, prove the backup by restoring it, and list what is kept."""

        def work() -> Report:
            def go(request: Request) -> Report:
                return backups.backup(request, only_list=only_list)

            return watched("backup", env, inventories, actor, go, steps=True)

        finish(work, as_json, debug, backups.print_backups)

    @app.command()
    def restore(
        env: Env,
        name: Annotated[
            str,
            typer.Option("--backup", metavar="NAME", help="As 'iactl backup ENV --list' has it."),
        ],
        yes: Annotated[
            bool, typer.Option("--yes", help="Replace the database's content without a question.")
        ] = False,
        without_backup: Annotated[
            bool,
            typer.Option("--without-backup", help="Make none first: the database is too broken."),
        ] = False,
        inventories: Inventories = None,
        actor: Actor = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Replace the database's content of ENV with a backup's. Makes a fresh backup first."""

        def work() -> Report:
            wanted = inputs.backup_name(name)
            _confirm(env, wanted, yes)

            def go(request: Request) -> Report:
                return backups.restore(request, wanted, first=not without_backup)

            return watched(f"restore {wanted}", env, inventories, actor, go, steps=True)

        finish(work, as_json, debug)

    return app


def _confirm(env: str, name: str, yes: bool) -> None:
    """Return when it is meant.

    Raises:
        CommandError: it is not, or nobody can be asked.
    """
    if yes:
        return
    ask: Optional[str] = None
    if sys.stdin.isatty():
        print(
            f"This replaces all data of '{env}' with what backup {name} holds.\n"
            f"Type the environment's name to go on: ",
            end="",
            file=sys.stderr,
            flush=True,
        )
        ask = sys.stdin.readline().strip()
    if ask != env:
        raise CommandError(
            Exit.BAD_INPUT,
            f"Nothing was restored: replacing the data of '{env}' was not confirmed.",
            "Repeat with --yes, or answer with the environment's name.",
        )
