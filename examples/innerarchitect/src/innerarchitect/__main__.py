"""The command line: `python -m innerarchitect serve | migrate | create-user`."""

from __future__ import annotations

import sys

from innerarchitect.cli import main

sys.exit(main())
