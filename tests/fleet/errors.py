"""What can go wrong with the rig, in one sentence each."""

from __future__ import annotations

#: How the rig's command line is typed in the checkout; a plain `python` is not there on Debian.
COMMAND = ".venv/bin/python -m tests.fleet"


class RigError(Exception):
    """The rig cannot do what was asked; the message names what, where and what to do."""


class ForeignError(RigError):
    """What was asked for belongs to another user of this machine."""
