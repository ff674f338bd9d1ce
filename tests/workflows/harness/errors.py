"""What a workflow asks for and does not get."""

from __future__ import annotations


class HarnessError(Exception):
    """GitHub would refuse it, or the harness does not know it."""
