"""``iactl scan``: known vulnerabilities of the source and of what it installs."""

from __future__ import annotations

from . import store
from .run import Command
from .scanners import bandit, pip_audit, safety

SCAN = Command(
    "scan",
    "Security scan",
    {bandit.NAME: bandit.run, safety.NAME: safety.run, pip_audit.NAME: pip_audit.run},
    store.GATES,
    {one.NAME: (one.RESULTS,) for one in (bandit, safety, pip_audit)},
)
