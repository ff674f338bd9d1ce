"""``make demo``."""

from __future__ import annotations

import sys

from rich.console import Console

from tests.fleet.errors import RigError

from .steps import DemoError
from .story import tell

if __name__ == "__main__":
    try:
        tell(Console())
    except (DemoError, RigError) as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("demo: stopped; 'make demo-down' removes the servers", file=sys.stderr)
        sys.exit(130)
