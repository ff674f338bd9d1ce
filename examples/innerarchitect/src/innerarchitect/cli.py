"""The commands; heavy modules are loaded by the command that needs them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from getpass import getpass
from typing import TYPE_CHECKING

from innerarchitect.environment import SettingsError
from innerarchitect.settings import Settings, load

if TYPE_CHECKING:
    from innerarchitect.schema import SchemaState

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_SETTINGS = 3
EXIT_PENDING = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = load(os.environ)
        if options.command == "serve":
            return _serve(settings)
        if options.command == "migrate":
            return _migrate(settings, check_only=options.check)
        return _create_user(settings, options.name)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EXIT_SETTINGS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m innerarchitect",
        description="Exit codes: 0 done, 1 failed, 2 wrong usage, 3 wrong settings,"
        " 4 migrations are pending (migrate --check).",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="start the web server")
    migrate = commands.add_parser("migrate", help="bring the database to this code's schema")
    migrate.add_argument("--check", action="store_true", help="change nothing; 4 means pending")
    create_user = commands.add_parser(
        "create-user", help="add a user; the password is the first line of standard input"
    )
    create_user.add_argument("name")
    return parser


def _serve(settings: Settings) -> int:
    if settings.notice:
        print(settings.notice, file=sys.stderr, flush=True)
    # exec keeps the process id, so gunicorn gets the signals that are meant for the container.
    os.execv(
        sys.executable,
        [
            *(sys.executable, "-m", "gunicorn"),
            *("--config", "python:innerarchitect.gunicorn_conf"),
            "innerarchitect.wsgi:app",
        ],
    )


def _migrate(settings: Settings, check_only: bool) -> int:
    from innerarchitect import migrate
    from innerarchitect.database import Database

    engine = Database(settings).engine
    try:
        if check_only:
            state = migrate.check(engine)
            print(_describe(state))
            return EXIT_OK if state.usable else EXIT_PENDING
        before, after = migrate.upgrade(engine)
    except migrate.MigrationError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    if before.revision != after.revision:
        print(f"Migrated from {before.revision or 'empty'} to {after.revision}.")
    print(_describe(after))
    return EXIT_OK


def _describe(state: SchemaState) -> str:
    if state.newer:
        return f"Schema {state.revision} is newer than this release's {state.expected}: usable."
    if state.usable:
        return f"Schema {state.revision} is up to date."
    found = state.revision or "empty"
    return f"Schema is {found}, this release needs {state.expected}: {state.pending} pending."


def _create_user(settings: Settings, name: str) -> int:
    from sqlalchemy.exc import SQLAlchemyError

    from innerarchitect.accounts import AccountError, create_user
    from innerarchitect.clock import utc_now
    from innerarchitect.database import Database

    password = getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    try:
        with Database(settings).begin() as session:
            user = create_user(session, name, password, utc_now())
    except AccountError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except SQLAlchemyError as error:
        print(
            f"The database cannot be used ({type(error).__name__}); is it up and migrated?",
            file=sys.stderr,
        )
        return EXIT_FAILED
    print(f"Created user {user.name}.")
    return EXIT_OK
