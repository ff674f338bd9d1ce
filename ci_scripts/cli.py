"""The console script ``iactl``: one thin function per command."""

from __future__ import annotations

import io
import json
import sys
from typing import Annotated, Optional

import typer
from rich.console import Console

from . import __version__, inputs, notifications, operations, verification, verify_view, view
from .cli_audit import audit_commands
from .cli_hipaa import hipaa_commands
from .cli_lock import lock_commands
from .cli_notify import notify_commands
from .command import finish, watched
from .environments import find_environment
from .exits import Exit
from .operations import Request
from .options import Actor, AsJson, Check, Debug, Env, Inventories
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
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Deploy an image to all servers of ENV, or to none."""

    def work() -> Report:
        wanted = inputs.image(image).text

        def go(request: Request) -> Report:
            return operations.deploy(request, wanted, check=check)

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
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Bring the previous release back on all servers of ENV, or a kept one. Needs no registry."""

    def work() -> Report:
        target = inputs.release_id(to) if to is not None else "previous"

        def go(request: Request) -> Report:
            return operations.rollback(request, target, check=check)

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
    inventories: Inventories = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Tell what was deployed to ENV and rolled back, newest first."""

    def work() -> Report:
        def go(request: Request) -> Report:
            return operations.history(request, limit)

        return watched("history", env, inventories, None, go, steps=True)

    finish(work, as_json, debug, view.print_history)


@app.command()
def verify(
    env: Env,
    inside: Annotated[bool, typer.Option("--inside", help="Only on the servers.")] = False,
    outside: Annotated[bool, typer.Option("--outside", help="Only at the public URL.")] = False,
    watch: Annotated[
        Optional[float],
        typer.Option(min=1, max=86400, metavar="SECONDS", help="Again and again until Ctrl-C."),
    ] = None,
    notify: Annotated[
        bool, typer.Option("--notify", help="Alert the notification channels when it fails.")
    ] = False,
    inventories: Inventories = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Check the application of ENV on its servers and from outside. Exit 5 when one fails."""
    views = [name for name, wanted in (("inside", inside), ("outside", outside)) if wanted]

    def alert(report: Report) -> None:
        if notify and report.exit is Exit.NEEDS_HUMAN:
            folder = find_environment(env, inventories).folder
            report.data["notify"] = notifications.health_alert(report, folder)

    def look() -> Report:
        def go(request: Request) -> Report:
            return verification.verify(request, views or ["inside", "outside"])

        return watched("verify", env, inventories, None, go, steps=True)

    def show(report: Report) -> None:
        if as_json:
            print(json.dumps(report.to_json()), flush=True)
        else:
            verify_view.print_verification(Console(), report)

    def work() -> Report:
        if watch is not None:
            return verification.watch(look, show, watch, alert)
        report = look()
        alert(report)
        return report

    def end(console: Console, report: Report) -> None:
        if not as_json:
            verify_view.print_end(console, report)
        elif "rounds" not in report.data:
            print(json.dumps(report.to_json()))

    if watch is None:
        finish(work, as_json, debug, verify_view.print_verification)
    else:
        finish(work, False, debug, end)


for commands in (notify_commands(), audit_commands(), lock_commands(), hipaa_commands()):
    app.add_typer(commands)


def main() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        # A locale without our signs must not turn a finished deploy into a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()
