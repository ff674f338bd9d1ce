"""Which slot serves and which is free."""

from __future__ import annotations

from itertools import product

import pytest
from iadeploy.slots import BLUE, GREEN, SLOTS, Layout, layout, other

R, D, M = "ready", "drain", "maint"
TABLE = [
    # proxy: blue, green · runs: blue, green · serving, free, ambiguous
    (R, M, True, False, Layout(BLUE, GREEN)),
    (R, D, True, True, Layout(BLUE, GREEN)),
    (M, R, False, True, Layout(GREEN, BLUE)),
    (R, M, False, True, Layout(BLUE, GREEN)),
    (D, R, False, False, Layout(GREEN, BLUE)),
    (R, R, True, False, Layout(BLUE, GREEN)),
    (R, R, False, True, Layout(GREEN, BLUE)),
    (R, R, True, True, Layout(BLUE, GREEN, ambiguous=True)),
    (R, R, False, False, Layout(None, BLUE)),
    (M, M, False, False, Layout(None, BLUE)),
    (M, M, True, False, Layout(None, GREEN)),
    (M, M, False, True, Layout(None, BLUE)),
    (D, D, True, True, Layout(None, BLUE)),
]


@pytest.mark.parametrize(("blue", "green", "blue_runs", "green_runs", "expected"), TABLE)
def test_the_layout_follows_the_proxy_and_then_the_containers(
    blue: str, green: str, blue_runs: bool, green_runs: bool, expected: Layout
) -> None:
    states = {BLUE: blue, GREEN: green}
    assert layout(states, {BLUE: blue_runs, GREEN: green_runs}) == expected


@pytest.mark.parametrize("states", list(product((R, D, M), repeat=2)))
@pytest.mark.parametrize("runs", list(product((True, False), repeat=2)))
def test_a_candidate_never_goes_where_requests_go(
    states: tuple[str, str], runs: tuple[bool, bool]
) -> None:
    decided = layout(dict(zip(SLOTS, states)), dict(zip(SLOTS, runs)))
    assert decided.free != decided.serving
    if decided.serving is not None:
        assert dict(zip(SLOTS, states))[decided.serving] == R
    only_ready = [slot for slot, state in zip(SLOTS, states) if state == R]
    if len(only_ready) == 1:
        assert decided.free == other(only_ready[0])


@pytest.mark.parametrize(
    ("before", "serving"), [(BLUE, BLUE), (GREEN, GREEN), ("", BLUE), ("red", BLUE)]
)
def test_where_both_slots_take_requests_the_one_that_served_before_is_trusted(
    before: str, serving: str
) -> None:
    both = layout({BLUE: R, GREEN: R}, {BLUE: True, GREEN: True}).trusting(before)
    assert both == Layout(serving, other(serving), ambiguous=True)


def test_a_clear_layout_trusts_the_proxy_alone() -> None:
    clear = layout({BLUE: R, GREEN: M}, {BLUE: True, GREEN: True})
    assert clear.trusting(GREEN) == clear


def test_an_unknown_host_has_no_serving_slot() -> None:
    assert layout({}, {}) == Layout(None, BLUE)


def test_each_slot_is_beside_the_other() -> None:
    assert (other(BLUE), other(GREEN)) == (GREEN, BLUE)
