"""The commands ``iactl image build``, ``scan`` and ``push``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from .command import finish
from .exits import CommandError, Exit
from .options import AsJson, Debug
from .report import Report

_Project = Annotated[
    Optional[Path], typer.Option("--project", help="The checkout's top folder; by default here.")
]
_Output = Annotated[Path, typer.Option("--output", help="Folder for image.tar and the records.")]


def image_commands() -> typer.Typer:
    """Return the commands."""
    app = typer.Typer(name="image", help="Build an image once, scan it, push what was scanned.")
    _add_build(app)
    _add_scan(app)
    _add_push(app)
    return app


def _add_build(app: typer.Typer) -> None:
    @app.command()
    def build(
        project: _Project = None,
        output: _Output = Path("."),
        context: Annotated[str, typer.Option(help="Folder that the Dockerfile sees.")] = ".",
        dockerfile: Annotated[str, typer.Option(help="The Dockerfile in it.")] = "Dockerfile",
        version: Annotated[
            str, typer.Option(help="By default the project's, with the commit.")
        ] = "",
        build_arg: Annotated[
            Optional[list[str]], typer.Option(metavar="NAME=VALUE", help="Readable in the image.")
        ] = None,
        secret: Annotated[
            Optional[list[str]], typer.Option(metavar="id=NAME,src=FILE", help="Build secret.")
        ] = None,
        cache_from: Annotated[
            Optional[list[str]], typer.Option(metavar="CACHE", help="As Buildx takes it.")
        ] = None,
        cache_to: Annotated[
            Optional[list[str]], typer.Option(metavar="CACHE", help="As Buildx takes it.")
        ] = None,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Build the image of a checkout into image.tar, with labels that say where it is from."""

        def work() -> Report:
            from .image import build as it  # pylint: disable=import-outside-toplevel

            asked = [tuple(one or ()) for one in (build_arg, secret, cache_from, cache_to)]
            return it.build(it.Request(project, output, context, dockerfile, version, *asked))

        finish(work, as_json, debug)


def _add_scan(app: typer.Typer) -> None:
    @app.command()
    def scan(
        project: _Project = None,
        archive: Annotated[
            Optional[Path], typer.Option(help="The archive; by default image.tar in --output.")
        ] = None,
        output: _Output = Path("."),
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Look for known vulnerabilities in image.tar, and write its bill of materials."""

        def work() -> Report:
            from .image import scan as it  # pylint: disable=import-outside-toplevel

            return it.scan(it.Request(project, archive, output))

        finish(work, as_json, debug)


def _add_push(app: typer.Typer) -> None:
    @app.command()
    def push(
        to: Annotated[str, typer.Option(metavar="REPO", help="Registry and name, without a tag.")],
        tag: Annotated[list[str], typer.Option(help="A tag; may be given several times.")],
        output: _Output = Path("."),
        username: Annotated[
            str, typer.Option(envvar="REGISTRY_USERNAME", help="By default docker's log-in.")
        ] = "",
        password_stdin: Annotated[
            bool,
            typer.Option("--password-stdin", help="Read it there, not from REGISTRY_PASSWORD."),
        ] = False,
        as_json: AsJson = False,
        debug: Debug = False,
    ) -> None:
        """Push image.tar as it was scanned, and record the digest that the registry has."""

        def work() -> Report:
            from .image import push as it  # pylint: disable=import-outside-toplevel

            login = it.login(username, _password(password_stdin, username), to)
            return it.push(it.Request(to, tuple(tag), output, login))

        finish(work, as_json, debug)


def _password(from_stdin: bool, username: str) -> str:
    """Return the registry's password; never from the command line, where 'ps' shows it."""
    password = sys.stdin.read().strip() if from_stdin else os.environ.get("REGISTRY_PASSWORD", "")
    if bool(password) != bool(username):
        raise CommandError(
            Exit.BAD_INPUT,
            f"There is no {'password' if username else 'user'} for the registry.",
            "Set REGISTRY_USERNAME and REGISTRY_PASSWORD, or use 'docker login' and neither.",
        )
    return password
