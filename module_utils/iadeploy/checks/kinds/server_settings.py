"""Whether a PostgreSQL server is set as asked, as a session of the check's own login sees it."""

from __future__ import annotations

from collections.abc import Mapping

from ..verdict import Verdict
from .replication import Row


def ask(row: Row, wanted: Mapping[str, tuple[str, ...]]) -> dict[str, str | None]:
    """Return the server's value of each setting; None for one that it does not know.

    Args:
        row: asks a statement and returns the answer's row.
        wanted: the settings' names, which ``rules`` has looked at.
    """
    return {name: row(f"SELECT current_setting('{name}', true)")[0] for name in wanted}


def judge(found: Mapping[str, str | None], wanted: Mapping[str, tuple[str, ...]]) -> Verdict:
    """Return whether each setting has one of its good values. Pure."""
    wrong = [_told(found[name], name, good) for name, good in wanted.items()]
    causes = [one for one in wrong if one]
    if causes:
        hint = "set it in postgresql.conf, or by ALTER SYSTEM, and reload the server"
        return Verdict(False, "set otherwise", "; ".join(causes), hint)
    return Verdict(True, f"{len(wanted)} settings as asked")


def _told(value: str | None, name: str, good: tuple[str, ...]) -> str:
    if value in good:
        return ""
    if value is None:
        return f"the server knows no setting {name}"
    return f"{name} is {value[:40]!a} instead of {' or '.join(map(ascii, good))}"
