"""What can go wrong with the rig, in one sentence each."""

from __future__ import annotations


class RigError(Exception):
    """The rig cannot do what was asked; the message names what, where and what to do."""
