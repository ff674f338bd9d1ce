"""The rig's command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import commands, engine
from .errors import COMMAND, RigError
from .images import FLAVOURS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 with one sentence on standard error when not."""
    given = _parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except RigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except engine.FAILURES as error:
        print(f"error: the Docker Engine: {engine.explain(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description="Real servers, a registry, a database and a cache, in containers.",
    )
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    verb = verbs.add_parser("engine", help="have a Docker Engine answer; install one if need be")
    verb.set_defaults(run=commands.engine)

    verb = verbs.add_parser("images", help="build the rig's images")
    verb.add_argument("--rebuild", action="store_true", help="with today's packages")
    verb.set_defaults(run=commands.images)

    verb = verbs.add_parser("up", help="start a rig that stays until 'down'")
    verb.add_argument("name", nargs="?", help="default: a random name")
    verb.add_argument("--servers", type=int, default=2, metavar="N", help="default: 2")
    verb.add_argument("--flavour", choices=FLAVOURS, default="ready", help="default: ready")
    verb.add_argument("--no-registry", dest="registry", action="store_false")
    verb.add_argument("--no-database", dest="database", action="store_false")
    verb.set_defaults(run=commands.up)

    verb = verbs.add_parser("start", help="start a rig again that this machine's reboot stopped")
    verb.add_argument("name")
    verb.set_defaults(run=commands.start)

    verb = verbs.add_parser("down", help="remove rigs, whoever uses them")
    verb.add_argument("names", nargs="+", metavar="NAME")
    verb.set_defaults(run=commands.down)

    verb = verbs.add_parser("list", help="show every rig")
    verb.add_argument("--json", action="store_true")
    verb.set_defaults(run=commands.show)

    verb = verbs.add_parser("clean", help="remove rigs whose process has gone")
    verb.add_argument("names", nargs="*", metavar="NAME", help="only these, kept ones included")
    verb.add_argument("--all", action="store_true", help="kept ones too")
    verb.add_argument(
        "--images", action="store_true", help="every image made here too, if no rig is left"
    )
    verb.set_defaults(run=commands.clean)

    verb = verbs.add_parser("exec", help="run a command in a server")
    _member(verb)
    verb.add_argument("argv", nargs=argparse.REMAINDER, metavar="COMMAND")
    verb.set_defaults(run=commands.execute)

    verb = verbs.add_parser("ssh", help="log in to a server, or run a command over SSH")
    _member(verb)
    verb.add_argument("argv", nargs=argparse.REMAINDER, metavar="COMMAND")
    verb.set_defaults(run=commands.ssh)

    verb = verbs.add_parser("inventory", help="write an Ansible environment for a rig")
    verb.add_argument("name")
    verb.add_argument("folder", type=Path)
    verb.add_argument("--app-vars", type=Path, metavar="YAML", help="for group_vars/all/app.yml")
    verb.set_defaults(run=commands.inventory)

    verb = verbs.add_parser("build", help="build an application's image on the rig's base")
    verb.add_argument("context", type=Path)
    verb.add_argument("tag")
    verb.add_argument("--build-arg", action="append", default=[], metavar="KEY=VALUE")
    verb.set_defaults(run=commands.build)

    verb = verbs.add_parser("push", help="push a local image to a rig's registry")
    verb.add_argument("name")
    verb.add_argument("image", help="the local image")
    verb.add_argument("repository")
    verb.add_argument("tag")
    verb.set_defaults(run=commands.push)

    verb = verbs.add_parser("database", help="create a database in a rig and print its URL")
    verb.add_argument("name")
    verb.add_argument("database")
    verb.set_defaults(run=commands.database)
    return parser


def _member(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("name", help="the rig")
    verb.add_argument("server", help="web1, web2 …")


if __name__ == "__main__":
    sys.exit(main())
