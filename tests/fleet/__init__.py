"""A rig of real servers for the demo, the tests and the benchmarks.

Containers stand in for rented machines: each with SSH, its own Docker Engine and a proxy, next to
a registry, a database and a cache. `.venv/bin/python -m tests.fleet --help` shows the command line.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .builder import build_application
    from .errors import RigError
    from .fleet import Fleet
    from .prober import Prober
    from .server import Server

__all__ = ["Fleet", "Prober", "RigError", "Server", "build_application"]

_HOMES = {
    "Fleet": "fleet",
    "Prober": "prober",
    "RigError": "errors",
    "Server": "server",
    "build_application": "builder",
}


def __getattr__(name: str) -> Any:
    # Late, so that the prober's process does not load what it never uses.
    if name in _HOMES:
        return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
