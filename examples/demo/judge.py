"""Whether the demo showed what it promises: no failed request, and the right release at the end."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field

from tests.fleet.report import Report

from .images import BROKEN
from .steps import DemoError

PROMISED_RATE = 50.0  # requests per second, see README.md
LAST = "1.0.0"  # what serves after the rollback


@dataclass(frozen=True)
class Status:
    """What ``iactl status`` answered.

    Attributes:
        rows: what each server runs, by its name.
        trouble: why that is not to be trusted; empty when it is.
    """

    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    trouble: str = ""

    @classmethod
    def read(cls, code: int, output: str, errors: str) -> Status:
        """Read an answer.

        Args:
            code: the exit code.
            output: standard output, one object of JSON when all is well.
            errors: standard error.
        """
        try:
            report = json.loads(output)
            rows, message = dict(report["hosts"]), str(report.get("message", ""))
        except (ValueError, TypeError, KeyError, AttributeError):
            said = " ".join((errors.strip() or output.strip())[-300:].split()) or "nothing"
            return cls(trouble=f"'iactl status' ended with {code} and without a report: {said}")
        if code != 0:
            return cls(rows, f"'iactl status' ended with {code}: {message}")
        return cls(rows)


def check(seen: Report, status: Status, servers: Collection[str]) -> None:
    """Refuse to end well when users saw a failure, or the wrong release serves.

    Args:
        seen: what users saw.
        status: what ``iactl status`` answered.
        servers: the names of all servers.

    Raises:
        DemoError: the demo's promise was not kept.
    """
    if seen.failed:
        first = seen.failures[0]
        raise DemoError(
            f"{seen.failed} of {seen.sent} requests failed, the first one {first.at:.1f} s after "
            f"the traffic began, {first.url}: {first.reason}; see the table"
        )
    if BROKEN in seen.versions:
        raise DemoError(f"the broken version {BROKEN} answered a user")
    if seen.unsent or seen.achieved_rate < PROMISED_RATE:
        raise DemoError(
            f"only {seen.achieved_rate:.0f} requests per second were sent, {seen.unsent} never, so "
            f"nothing is proved at {PROMISED_RATE:g}/s: try again when this machine has less to do"
        )
    if status.trouble:
        raise DemoError(status.trouble)
    wrong = [one for one in servers if status.rows.get(one, {}).get("version") != LAST]
    if wrong:
        raise DemoError(f"{', '.join(wrong)} does not serve {LAST} after the rollback")
