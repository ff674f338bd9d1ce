"""``make demo`` and ``make demo-down``."""

from __future__ import annotations

import os
import sys
import time

from rich.console import Console

from tests.fleet import engine
from tests.fleet.errors import RigError

from .steps import DemoError
from .story import tell
from .takedown import take_down

# Unix time at which make began, which may have made the virtual environment first.
_BEGAN = "DEMO_BEGAN"


def main(arguments: list[str]) -> int:
    """Tell the story, or with ``down`` remove what it left; return the exit code."""
    try:
        if arguments == ["down"]:
            take_down(lambda line: print(line, flush=True))
        else:
            tell(Console(), time.time() - float(os.environ.get(_BEGAN) or time.time()))
    except (DemoError, RigError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except engine.FAILURES as error:
        print(f"demo: the Docker Engine: {engine.explain(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: stopped; 'make demo-down' removes the servers", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
