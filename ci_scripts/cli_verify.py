"""The command ``iactl verify``."""

from __future__ import annotations

import json
from typing import Annotated, Optional

import typer
from rich.console import Console

from . import notifications, verification, verify_view
from .command import finish, watched
from .environments import find_environment
from .exits import Exit
from .operations import Request
from .options import AsJson, Debug, Env, Inventories
from .report import Report


def verify_commands() -> typer.Typer:
    """Return the commands."""
    app = typer.Typer()

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
            bool, typer.Option(help="Alert the notification channels when a check fails.")
        ] = True,
        inventories: Inventories = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Check the application of ENV on its servers and from outside. Exit 5 when one fails."""
        views = [name for name, wanted in (("inside", inside), ("outside", outside)) if wanted]

        def alert(report: Report) -> None:
            if notify and report.exit is Exit.NEEDS_HUMAN:
                folder = find_environment(env, inventories).folder
                facts = verification.alert_facts(report)
                report.data["notify"] = notifications.health_alert(facts, folder)
                if not as_json:
                    verify_view.print_alert(Console(stderr=True), report)

        def look() -> Report:
            def go(request: Request) -> Report:
                return verification.verify(request, views or ["inside", "outside"])

            return watched("verify", env, inventories, None, go, steps=True)

        def show(report: Report) -> None:
            if as_json:
                print(json.dumps(report.to_json()), flush=True)
            else:
                verify_view.print_verification(Console(), report)

        def once() -> Report:
            report = look()
            if not as_json:
                # Who waits for the result does not wait for a slow channel.
                verify_view.print_verification(Console(stderr=bool(report.exit)), report)
            alert(report)
            return report

        def end(console: Console, report: Report) -> None:
            if not as_json:
                verify_view.print_end(console, report)
            elif "rounds" not in report.data:
                print(json.dumps(report.to_json()))

        if watch is None:
            finish(once, as_json, debug, verify_view.print_unless_shown)
        else:
            finish(lambda: verification.watch(look, show, watch, alert), False, debug, end)

    return app
