"""``iactl lint``: format, style, types, and what Ansible, the shell and Docker read."""

from __future__ import annotations

from . import store
from .linters import (
    ansible_lint,
    black,
    flake8,
    hadolint,
    isort,
    mypy,
    pylint,
    shellcheck,
    yamllint,
)
from .run import Command

# The slow ones first: gates run side by side, and the last to begin decides when all have ended.
_LINTERS = (ansible_lint, pylint, mypy, flake8, black, isort, yamllint, shellcheck, hadolint)

LINT = Command(
    "lint",
    "Lint",
    {one.NAME: one.run for one in _LINTERS},
    store.LINT,
    {pylint.NAME: (pylint.JSON, pylint.TEXT)},
)
