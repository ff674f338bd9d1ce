"""What is wrong with an expression."""

from __future__ import annotations


class ExpressionError(Exception):
    """An expression that cannot be read, or that asks for something nobody knows."""
