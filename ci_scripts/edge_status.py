"""What the edges see of the application's servers, and what is wrong with that. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .runner.result import Result

Row = dict[str, Any]


def edge_rows(result: Result, hosts: Mapping[str, Row]) -> dict[str, Row]:
    """Return per edge whether HAProxy answers, and which servers get its requests.

    Args:
        result: the edges' answers.
        hosts: what is known of the application's servers, ``release`` among it.

    Returns:
        Edge to ``state``, ``up`` (names), ``down`` (name to reason) and ``problems``.
    """
    return {edge: _row(edge, result, hosts) for edge in sorted(result.edges)}


def unwell(rows: Mapping[str, Row]) -> list[str]:
    """Return the edges that need a human."""
    return [edge for edge, row in rows.items() if row["state"] != "answers" or row["problems"]]


def edge_problems(rows: Mapping[str, Row]) -> list[str]:
    """Return what is wrong, one sentence each; the lost edges are explained elsewhere."""
    return [f"{edge}: {problem}" for edge, row in rows.items() for problem in row["problems"]]


def _row(edge: str, result: Result, hosts: Mapping[str, Row]) -> Row:
    servers: dict[str, str] = result.edges[edge].get("servers", {})
    if not servers:
        told = [] if edge in result.unreachable else [result.failures.get(edge, "it said nothing")]
        state = "unreachable" if edge in result.unreachable else "HAProxy does not answer"
        return {"state": state, "up": [], "down": {}, "problems": told}
    down = {name: why for name, why in servers.items() if why}
    # A server without a release has nothing to answer, and is rightly left out.
    problems = [
        f"{name} gets no requests: {why}"
        for name, why in down.items()
        if name not in hosts or hosts[name]["release"] or hosts[name]["state"] == "unknown"
    ]
    strangers = sorted(set(hosts) ^ set(servers))
    if strangers:
        problems.append(
            f"it does not know the inventory as it is now ({', '.join(strangers)});"
            " run 'iactl bootstrap'"
        )
    return {
        "state": "answers",
        "up": [name for name in servers if name not in down],
        "down": down,
        "problems": problems,
    }
