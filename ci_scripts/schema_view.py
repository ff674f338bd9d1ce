"""What a release did to the database's schema, in lines for people. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

_LOG_LINES = 12
_MIB = 1 << 20


def schema_lines(verdicts: list[dict[str, Any]]) -> list[str]:
    """Tell what a release did to the schema, or what going back means for it."""
    lines: list[str] = []
    for verdict in verdicts:
        for host, answer in verdict["hosts"].items():
            if verdict["phase"] == "migrate" and answer.get("migration"):
                lines += _migration(host, answer)
            elif verdict["phase"] == "plan" and answer.get("schema"):
                lines += [line for line in [f"{answer['schema']}."] if line not in lines]
    return lines


def stuck_schema(verdicts: list[dict[str, Any]], *, begun: bool = False) -> list[str]:
    """Tell of a release that did not get through which schema the servers are left on.

    Args:
        begun: whether its migration was begun, where no verdict tells of it.
    """
    if begun and verdicts[-1]["phase"] == "fetch":
        return ["Its migration was ended; the next deploy tells which revision the schema is at."]
    told = next((one["migration"] for one in verdicts[::-1] if one.get("migration")), None)
    if told is None or not told["ran"]:
        return []
    lines = [f"The schema was migrated before: it {_moved(told)}, and stays so."]
    if told["destructive"] and not stayed(verdicts):
        lines.append(
            "Its migration was destructive: what serves now may not run on it."
            f" {_backup(told)}".rstrip()
        )
    return lines


def is_past_return(verdicts: list[dict[str, Any]], begun: Collection[str]) -> bool:
    """Whether users may have met a release from which there is no way back by itself.

    Args:
        begun: the phases that were begun, also those of which no verdict tells.
    """
    return bool(verdicts) and bool(verdicts[-1].get("one_way")) and "switch" in begun


def stayed(verdicts: list[dict[str, Any]]) -> bool:
    """Whether a release that did badly serves all the same: nobody could go back from it."""
    return verdicts[-1]["phase"] == "commit" and any(not one["ok"] for one in verdicts[:-1])


def _migration(host: str, answer: dict[str, Any]) -> list[str]:
    told, backup = answer["migration"], answer.get("backup") or {}
    lines = [f"{remark}." for remark in answer.get("remarks") or []]
    if not told["ran"]:
        return lines or [f"No migration was pending; the schema is at {_at(told['before'])}."]
    lines.append(f"The schema {_moved(told)}, in {told['seconds']:.1f} s on {host}.")
    if backup:
        lines.append(
            f"Backup {backup['name']} on {host}: {backup['bytes'] / _MIB:.1f} MiB,"
            f" {backup['tables']} tables and {backup['rows']} rows proved by restoring them."
        )
    if told["destructive"]:
        lines.append("It was destructive: going back past it by itself is off from now on.")
        lines += [f"  {statement}" for statement in told["destructive"]]
    lines += [f"  | {line}" for line in (answer.get("output") or [])[-_LOG_LINES:]]
    return lines


def _moved(told: dict[str, Any]) -> str:
    if not told["before"] and not told["after"]:
        return "was migrated"
    # What ran leads somewhere: without a revision behind it, nobody could read it.
    return f"went from {_at(told['before'])} to {told['after'] or 'a revision that is not known'}"


def _at(revision: str) -> str:
    return revision or "empty"


def _backup(told: dict[str, Any]) -> str:
    return f"The backup from before is {told['backup']}." if told["backup"] else ""


def schema_cell(entry: dict[str, Any]) -> str:
    """Return what an entry of the history did to the schema, for a table."""
    told = entry.get("migration") or {}
    if told.get("ran") and (told.get("before") or told.get("after")):
        return f"{_at(told['before'])} → {told.get('after') or 'not known'}"
    return str(told.get("after") or entry.get("schema") or "")
