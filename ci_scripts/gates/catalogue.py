"""The names of all gates, for the allow-list. Pure."""

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
TESTS = ("pytest", "coverage")
NAMES = (*SCANNERS, *IMAGE, *LINTERS, *TESTS)
