"""The short way into ``app_release``: the package that a server keeps, without Ansible's wrapper.

roles/release/action_plugins/app_release.py calls it and says why.
"""

from __future__ import annotations

import json
import sys

from .phases.run import answer


def main() -> None:
    """Read ``{"params", "check_mode"}`` from standard input; answer one JSON object.

    The parameters are those of the module ``app_release``, validated already.
    """
    asked = json.load(sys.stdin.buffer)
    print(json.dumps(answer(asked["params"], asked["check_mode"])), flush=True)
