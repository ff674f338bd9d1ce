"""What is not as it should be on a host."""

from __future__ import annotations

from typing import Any

import pytest
from iadeploy.container import Container
from iadeploy.host import View
from iadeploy.inspection import find_problems

from tests.unit.builders import RELEASE_ID, container, view

INTERRUPTED = {"step": "switch", "release": RELEASE_ID, "at": "2026-03-01T10:15:00Z"}
AT_REST = view(("ready", "maint"), container("blue"), container("green", "exited"))
TABLE: list[tuple[str, View, bool, dict[str, Any] | None, list[str]]] = [
    ("at rest", AT_REST, True, None, []),
    ("nothing deployed", view(("maint", "maint")), False, None, []),
    (
        "stopped behind the proxy",
        view(("ready", "maint"), container("blue", "exited")),
        False,
        None,
        ["the proxy points at slot blue, whose container is exited"],
    ),
    (
        "gone behind the proxy",
        view(("maint", "ready")),
        False,
        None,
        ["the proxy points at slot green, whose container is gone"],
    ),
    (
        "both take traffic",
        view(("ready", "ready"), container("blue"), container("green")),
        True,
        None,
        ["both slots take traffic"],
    ),
    (
        "no record",
        AT_REST,
        False,
        None,
        [f"no record is kept of the serving release {RELEASE_ID}"],
    ),
    (
        "interrupted",
        AT_REST,
        True,
        INTERRUPTED,
        [f"switch of release {RELEASE_ID} was begun at 2026-03-01T10:15:00Z and never ended"],
    ),
    (
        "restarting",
        view(("ready", "maint"), container("blue"), container("green", "restarting", name="c2")),
        True,
        None,
        ["container c2 keeps restarting"],
    ),
]


@pytest.mark.parametrize(
    ("seen", "recorded", "interrupted", "problems"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_each_problem_is_named_and_nothing_else(
    seen: View, recorded: bool, interrupted: dict[str, Any] | None, problems: list[str]
) -> None:
    assert find_problems(seen, recorded=recorded, interrupted=interrupted) == problems


def test_all_problems_of_a_host_are_named_together() -> None:
    seen = view(("ready", "maint"), container("blue", "restarting", name="c1"))
    assert len(find_problems(seen, recorded=False, interrupted=INTERRUPTED)) == 3


@pytest.mark.parametrize(
    ("states", "there", "serving"),
    [
        (("ready", "maint"), container("blue"), "blue"),
        (("ready", "maint"), container("blue", "exited"), None),
        (("ready", "maint"), container("green"), None),
        (("maint", "maint"), container("blue"), None),
    ],
)
def test_what_serves_is_what_the_proxy_points_at_and_what_runs(
    states: tuple[str, str], there: Container, serving: str | None
) -> None:
    seen = view(states, there)
    assert (seen.serving.slot if seen.serving else None) == serving
    assert (seen.summary()["serving"] or {}).get("slot") == serving
    assert set(seen.summary()["slots"]) == {"blue", "green"}
