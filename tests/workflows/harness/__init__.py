"""A runner for the workflows on this machine: it executes their lines, and stands in for GitHub."""

from __future__ import annotations

from .errors import HarnessError
from .run import Outcome, Run
from .world import World

__all__ = ["HarnessError", "Outcome", "Run", "World"]
