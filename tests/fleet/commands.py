"""One function per command of the command line; each returns the exit code."""

from __future__ import annotations

import json
import os
import shlex
import sys
from argparse import Namespace
from typing import Any

import yaml

from . import builder
from . import clean as cleaning
from . import daemon
from . import images as rig_images
from .errors import RigError
from .fleet import Fleet


def say(line: str) -> None:
    """Progress goes to standard error; results alone to standard output."""
    print(line, file=sys.stderr, flush=True)


def engine(_given: Namespace) -> int:
    """Have an engine and a way to build."""
    daemon.ensure(say)
    say(f"images are built with {builder.builder().program}")
    return 0


def images(given: Namespace) -> int:
    """Build what is missing and print the tags."""
    daemon.ensure(say)
    for tag in rig_images.everything(say, rebuild=given.rebuild):
        print(tag)
    return 0


def up(given: Namespace) -> int:
    """Start a rig and leave it running."""
    fleet = Fleet.up(
        given.name,
        servers=given.servers,
        flavour=given.flavour,
        registry=given.registry,
        database=given.database,
        keep=True,
        progress=say,
    )
    print(fleet.name)
    return 0


def start(given: Namespace) -> int:
    """Start what stands still."""
    daemon.ensure(say)
    Fleet.load(given.name).start()
    return 0


def down(given: Namespace) -> int:
    """Remove the named rigs."""
    for name in given.names:
        _remove(name, even_if_used=True)
    return 0


def clean(given: Namespace) -> int:
    """Remove what nobody uses."""
    if given.names:
        for name in given.names:
            _remove(name, even_if_used=False)
    elif cleaning.clean(say, kept=given.all) == 0:
        say("no abandoned rig")
    if given.images:
        # Whoever runs a rig may be about to push what was just built.
        left = ", ".join(found.name for found in cleaning.find())
        if left:
            say(f"left the images: {left} may need them")
        else:
            rig_images.remove_all(say)
    return 0


def show(given: Namespace) -> int:
    """List rigs with their condition and members."""
    rows = [_row(found) for found in cleaning.find()]
    if given.json:
        print(json.dumps(rows, indent=2))
        return 0
    for row in rows:
        print(f"{row['name']}: {row['condition']}, {row['running']} of {row['members']} running")
        for server in row["servers"]:
            print(f"  {server['name']}  {server['address']}  {server['url']}")
    if not rows:
        say("no rig")
    return 0


def execute(given: Namespace) -> int:
    """Run a command in a server and pass on what it says."""
    answer = Fleet.load(given.name).server(given.server).run(_argv(given), timeout=3600)
    sys.stdout.write(answer.stdout)
    sys.stderr.write(answer.stderr)
    return answer.returncode


def ssh(given: Namespace) -> int:
    """Become ssh."""
    server = Fleet.load(given.name).server(given.server)
    argv = [*server.ssh_base_argv, *([shlex.join(_argv(given))] if given.argv else [])]
    os.execvp(argv[0], argv)


def inventory(given: Namespace) -> int:
    """Write an environment folder and print its path."""
    variables: Any = {}
    if given.app_vars:
        try:
            variables = yaml.safe_load(given.app_vars.read_text(encoding="utf-8")) or {}
        except (OSError, yaml.YAMLError) as error:
            raise RigError(f"{given.app_vars} cannot be read: {error}") from error
        if not isinstance(variables, dict):
            raise RigError(f"{given.app_vars} does not hold a mapping of variables")
    print(Fleet.load(given.name).write_inventory(given.folder, variables))
    return 0


def build(given: Namespace) -> int:
    """Build an application."""
    arguments = {}
    for text in given.build_arg:
        key, separator, value = text.partition("=")
        if not separator:
            raise RigError(f"--build-arg {text!r} is not KEY=VALUE")
        arguments[key] = value
    builder.build_application(given.context, given.tag, arguments)
    return 0


def push(given: Namespace) -> int:
    """Push and print the reference by digest, as servers see it."""
    registry = Fleet.load(given.name).registry
    digest = registry.push(given.image, given.repository, given.tag)
    print(registry.reference(given.repository, digest))
    return 0


def database(given: Namespace) -> int:
    """Create a database."""
    print(Fleet.load(given.name).database.create_database(given.database))
    return 0


def _argv(given: Namespace) -> list[str]:
    argv: list[str] = given.argv[1:] if given.argv[:1] == ["--"] else given.argv
    if not argv and given.run is execute:
        raise RigError(f"no command to run in {given.server}")
    return argv


def _remove(name: str, *, even_if_used: bool) -> None:
    rigs = cleaning.find(name)
    if not rigs:
        say(f"no rig called {name}")
    for found in rigs:
        if found.condition == "used" and not even_if_used:
            raise RigError(f"the rig {name} is in use by a running process: 'down' removes it")
        cleaning.remove(found, say)


def _row(found: cleaning.Found) -> dict[str, Any]:
    servers = []
    if found.condition != "abandoned":
        try:
            fleet = Fleet.load(found.name)
        except RigError:
            pass
        else:
            servers = [
                {"name": it.name, "address": it.address, "url": it.public_url}
                for it in fleet.servers
            ]
    running = sum(container.status == "running" for container in found.containers)
    return {
        "name": found.name,
        "condition": found.condition,
        "members": len(found.containers),
        "running": running,
        "servers": servers,
    }
