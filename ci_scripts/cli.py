"""The console script ``iactl``: one thin function per command."""

from __future__ import annotations

import io
import sys
from typing import Annotated, Optional

import typer

from . import __version__, inputs, operations, view
from .cli_access import access_commands
from .cli_audit import audit_commands
from .cli_backup import backup_commands
from .cli_ci import ci_commands
from .cli_doctor import doctor_commands
from .cli_hipaa import hipaa_commands
from .cli_image import image_commands
from .cli_lint import lint_commands
from .cli_lock import lock_commands
from .cli_notify import notify_commands
from .cli_package import package_commands
from .cli_scan import scan_commands
from .cli_test import test_commands
from .cli_verify import verify_commands
from .command import finish, watched
from .exits import Exit
from .history import Wanted
from .operations import Request
from .options import (
    Actor,
    AllowDestructive,
    AsJson,
    Check,
    Debug,
    Env,
    Inventories,
    PastDestructive,
)
from .report import Report

_CODES = "\n\n".join(f"{int(code)}  {code.meaning}" for code in Exit)

app = typer.Typer(
    name="iactl",
    help="Deploy a web application to plain servers: zero downtime, all servers or none.",
    epilog=f"Exit codes:\n\n{_CODES}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"iactl {__version__}")
        raise typer.Exit()


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


@app.command()
def bootstrap(
    env: Env, inventories: Inventories = None, as_json: AsJson = False, debug: Debug = False
) -> None:
    """Prepare the servers of ENV: Docker Engine, HAProxy, network. Safe to repeat."""

    def work() -> Report:
        return watched("bootstrap", env, inventories, None, operations.bootstrap, steps=True)

    finish(work, as_json, debug)


@app.command()
def deploy(
    env: Env,
    image: Annotated[str, typer.Option(help="Image reference, by tag or digest.")],
    inventories: Inventories = None,
    actor: Actor = None,
    check: Check = False,
    allow_destructive: AllowDestructive = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Deploy an image to all servers of ENV, or to none."""

    def work() -> Report:
        wanted = inputs.image(image).text

        def go(request: Request) -> Report:
            return operations.deploy(request, wanted, check, allow_destructive)

        return watched(f"deploy {wanted}", env, inventories, actor, go)

    finish(work, as_json, debug)


@app.command()
def rollback(
    env: Env,
    to: Annotated[
        Optional[str], typer.Option(metavar="RELEASE", help="A kept release, see 'iactl history'.")
    ] = None,
    inventories: Inventories = None,
    actor: Actor = None,
    check: Check = False,
    past_destructive: PastDestructive = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Bring the previous release back on all servers of ENV, or a kept one. Needs no registry."""

    def work() -> Report:
        target = inputs.release_id(to) if to is not None else "previous"

        def go(request: Request) -> Report:
            return operations.rollback(request, target, check, past_destructive)

        return watched("rollback", env, inventories, actor, go)

    finish(work, as_json, debug)


@app.command()
def status(
    env: Env, inventories: Inventories = None, as_json: AsJson = False, debug: Debug = False
) -> None:
    """Tell what every server of ENV really runs. Exit 5 when they differ or need attention."""

    def work() -> Report:
        return watched("status", env, inventories, None, operations.status, steps=True)

    finish(work, as_json, debug, view.print_status)


@app.command()
def history(
    env: Env,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many entries.")] = 20,
    action: Annotated[str, typer.Option(help="Only these, such as deploy or rollback.")] = "",
    outcome: Annotated[
        str, typer.Option(help="Only these, such as live, failed or cancelled.")
    ] = "",
    by: Annotated[str, typer.Option(metavar="NAME", help="Only what this person did.")] = "",
    since: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="From this day on (UTC).")] = "",
    inventories: Inventories = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Tell what was deployed to ENV and rolled back, newest first."""

    def work() -> Report:
        wanted = Wanted(action, outcome, by, inputs.day(since))

        def go(request: Request) -> Report:
            return operations.history(request, limit, wanted)

        return watched("history", env, inventories, None, go, steps=True)

    finish(work, as_json, debug, view.print_history)


for commands in (
    verify_commands(),
    audit_commands(),
    backup_commands(),
    access_commands(),
    lock_commands(),
    notify_commands(),
    hipaa_commands(),
    scan_commands(),
    lint_commands(),
    test_commands(),
    image_commands(),
    package_commands(),
    ci_commands(),
    doctor_commands(),
):
    app.add_typer(commands)


def main() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        # A locale without our signs must not turn a finished deploy into a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()
