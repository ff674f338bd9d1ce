"""The controller side of InnerArchitect Deploy; the command is ``iactl``."""

from __future__ import annotations

__version__ = "0.1.0"
