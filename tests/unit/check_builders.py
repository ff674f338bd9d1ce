"""Makers of health checks, and one attempt at one."""

from __future__ import annotations

from typing import Any

from iadeploy.checks.kinds import load
from iadeploy.checks.result import Result, clean
from iadeploy.checks.run import run_plan
from iadeploy.checks.spec import Check, parse_plan
from iadeploy.checks.verdict import Attempt, Verdict


def check(kind: str, module: dict[str, Any] | None = None, **options: Any) -> Check:
    """Return a check as a playbook's words make it."""
    raw = {"name": "it", "kind": kind, **options}
    return parse_plan({"checks": [raw], **(module or {})}).checks[0]


def ask(kind: str, module: dict[str, Any] | None = None, **options: Any) -> Verdict:
    """Make one attempt and return what is told of it."""
    one = check(kind, module, **options)
    attempt = Attempt(one.timeout)
    try:
        return clean(load([kind])[kind](one, attempt), one.secrets)
    finally:
        attempt.close()


def run(*checks: dict[str, Any], **module: Any) -> list[Result]:
    """Run checks to their end."""
    return run_plan(parse_plan({"checks": list(checks), **module}))[0]
