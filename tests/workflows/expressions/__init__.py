"""GitHub's expression language, as far as the workflows use it; what it does not know, it refuses.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

from .errors import ExpressionError
from .evaluate import Closed, Scope, Status, evaluate
from .template import condition, fill

__all__ = [
    "Closed",
    "ExpressionError",
    "Scope",
    "Status",
    "condition",
    "evaluate",
    "fill",
]
