"""Keyless signing writes the repository's name into a public log, so it is a switch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import Workflows

_SIGNS = re.compile(r"cosign|sigstore|actions/attest")


def broken(workflows: Workflows) -> Iterator[str]:
    """Yield what breaks the rule."""
    for workflow in workflows.values():
        for step in workflow.steps:
            signs = _SIGNS.search(f"{step.action} {step.run}")
            if signs and "vars." not in str(step.content.get("if", "")):
                yield f"{workflow.name}: {step} signs without a switch"
