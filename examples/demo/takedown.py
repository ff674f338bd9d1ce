"""Removing what a demo of this checkout left behind, and nothing of any other."""

from __future__ import annotations

from collections.abc import Callable

from tests.fleet import clean
from tests.fleet.errors import RigError
from tests.fleet.labels import checkout_name

from .images import remove as remove_images

RIG = checkout_name("demo")
Progress = Callable[[str], None]


def make_room(progress: Progress) -> None:
    """Remove the rig of an earlier demo, also one that died before it was complete.

    Raises:
        RigError: that demo still runs, or its rig cannot be removed.
    """
    for found in clean.find(RIG):
        if found.alive:
            raise RigError(
                f"another 'make demo' of this checkout still uses the rig {RIG}: "
                "wait for it, or run 'make demo-down'"
            )
        clean.remove(found, progress)


def take_down(progress: Progress) -> None:
    """Remove the rig, whoever uses it, and the images that were built for it.

    Raises:
        RigError: no engine answers, or Docker keeps a part of the rig.
    """
    rigs = clean.find(RIG)
    if not rigs:
        progress("no demo of this checkout is there")
    for found in rigs:
        clean.remove(found, progress)
    remove_images(RIG, progress)
