"""What an edge's HAProxy sees of an application's servers.

Columns: HAProxy 2.6 management guide, section 9.1, "show stat".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .errors import DeployError
from .haproxy import ask_runtime, parse_statistics

# What the servers' twins without a check are called, in roles/proxy/templates/edge.cfg.j2.
LAST_RESORT = "-unchecked"
_SUMS = ("FRONTEND", "BACKEND")
# Results of a check, by their first letters.
_REASONS = (
    ("L4TOUT", "it does not answer"),
    ("L4", "nothing answers at its port"),
    ("L6", "no TLS connection to it comes about"),
    ("L7STS", "its health path answers {code}"),
    ("L7TOUT", "its health path does not answer in time"),
)


def read_servers(app: str, socket_path: str) -> dict[str, str]:
    """Return each server's name to why it gets no requests; empty where it gets some.

    Raises:
        DeployError: HAProxy does not answer, or does not know the application.
    """
    found = servers(parse_statistics(ask_runtime(socket_path, "show stat")), f"app_{app}")
    if not found:
        raise DeployError(
            f"HAProxy knows no servers of '{app}'",
            "Run 'iactl bootstrap' for this environment first",
            cause="refused",
        )
    return found


def servers(rows: Iterable[Mapping[str, str]], backend: str) -> dict[str, str]:
    """Read the checked servers of a backend; those without a check are the last resort only.

    By their names: nothing checks a server that is in maintenance either.
    """
    return {
        row["svname"]: "" if row["status"].startswith("UP") else _reason(row)
        for row in rows
        if row["pxname"] == backend
        and row["svname"] not in _SUMS
        and not row["svname"].endswith(LAST_RESORT)
    }


def _reason(row: Mapping[str, str]) -> str:
    if row["status"].startswith(("MAINT", "DRAIN")):
        return f"somebody put it into {row['status'].split()[0]} by hand"
    # A check that is under way is told with a star in front.
    result = row["check_status"].lstrip("* ")
    for head, words in _REASONS:
        if result.startswith(head):
            return words.format(code=row.get("check_code") or "otherwise")
    return row.get("check_desc") or result
