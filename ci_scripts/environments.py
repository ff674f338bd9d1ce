"""Finding an environment's inventory folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .content import content_root
from .exits import CommandError, Exit, bad_input
from .inputs import environment_name

VARIABLE = "IADEPLOY_INVENTORIES"


@dataclass(frozen=True)
class Environment:
    """One environment: its name and its inventory folder."""

    name: str
    folder: Path


def find_environment(
    name: str, given: Path | None = None, environ: Mapping[str, str] = os.environ
) -> Environment:
    """Return the environment's inventory folder.

    Looked for in the folder given, else in ``$IADEPLOY_INVENTORIES``, else in the first
    ``inventories`` folder from the current one upwards, else in the checkout.

    Raises:
        CommandError: there is no such environment; the sentence lists those that exist.
    """
    name = environment_name(name)
    root = _inventories(given, environ)
    folder = root / name
    if not folder.is_dir():
        there = sorted(entry.name for entry in root.iterdir() if entry.is_dir())
        raise CommandError(
            Exit.BAD_INPUT,
            f"There is no environment '{name}' in {root}.",
            f"Choose one of: {', '.join(there)}." if there else "Create the folder first.",
        )
    if not any((folder / hosts).is_file() for hosts in ("hosts.yml", "hosts.yaml", "hosts")):
        raise CommandError(
            Exit.BAD_INPUT,
            f"{folder} holds no hosts.yml, so '{name}' has no servers.",
            "Write one; docs/your-own-servers.md shows how.",
        )
    return Environment(name, folder)


def _inventories(given: Path | None, environ: Mapping[str, str]) -> Path:
    named = given or (Path(environ[VARIABLE]) if environ.get(VARIABLE) else None)
    if named is not None:
        # os.path takes any text for a path that is not there; Path raises for some.
        if not os.path.isdir(named):
            where = "--inventories" if given else f"${VARIABLE}"
            raise bad_input(where, str(named), "the path of the folder inventories")
        return named.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents, content_root()):
        if (folder / "inventories").is_dir():
            return folder / "inventories"
    raise CommandError(
        Exit.BAD_INPUT,
        f"There is no inventories folder in {here} or above it.",
        f"Go to your checkout, or name the folder with --inventories or ${VARIABLE}.",
    )
