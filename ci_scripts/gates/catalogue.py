"""The names of the gates that an allow-list may be about. Pure.

A test that fails is no finding that somebody may accept, and neither is too little coverage.
"""

from __future__ import annotations

SCANNERS = ("bandit", "safety", "pip-audit")
IMAGE = ("trivy",)
LINTERS = (
    "black",
    "isort",
    "flake8",
    "mypy",
    "pylint",
    "ansible-lint",
    "yamllint",
    "shellcheck",
    "hadolint",
)
NAMES = (*SCANNERS, *IMAGE, *LINTERS)
