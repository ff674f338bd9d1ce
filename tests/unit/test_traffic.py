"""Counters of the proxy, and when a release does worse than the one before it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iadeploy.traffic import Counters, Limits, breach, remark

LIMITS = Limits(min_requests=20, max_error_percent=5.0, latency_factor=3.0)
ROW = {"lbtot": "120", "hrsp_5xx": "3", "econ": "2", "eresp": "1", "rtime": "14", "scur": "1"}


def test_a_row_of_statistics_is_read() -> None:
    assert Counters.from_row(ROW) == Counters(120, 6, 14.0)
    assert Counters.from_row({"lbtot": "", "hrsp_5xx": ""}) == Counters()


def average(times: list[float]) -> float:
    """HAProxy's own sliding average (its swrate_add and swrate_avg)."""
    total = 0.0
    for one in times:
        total += one - total / 1024
    return total / min(len(times), 1024)


@pytest.mark.parametrize(("before", "after"), [(50, 100), (600, 900), (5000, 100), (5000, 3000)])
def test_what_was_counted_before_is_left_out(before: int, after: int) -> None:
    old, new = [20.0] * before, [80.0] * after
    then = Counters(before, 6, average(old))
    grown = Counters(before + after, 9, average(old + new)).since(then)
    assert grown is not None
    assert (grown.requests, grown.errors) == (after, 3)
    assert grown.response_ms == pytest.approx(80.0, rel=0.01)


@pytest.mark.parametrize("now", [Counters(10, 0), Counters(100, 1)])
def test_a_proxy_that_began_anew_has_no_growth(now: Counters) -> None:
    assert now.since(Counters(50, 2)) is None


@given(
    older=st.floats(1, 1000),
    newer=st.floats(1, 1000),
    before=st.integers(1024, 10**6),
    requests=st.integers(200, 5000),
)
def test_the_mean_of_the_new_requests_comes_out_of_a_sliding_average(
    older: float, newer: float, before: int, requests: int
) -> None:
    kept = (1 - 1 / 1024) ** requests
    seen = older * kept + newer * (1 - kept)
    grown = Counters(before + requests, 0, seen).since(Counters(before, 0, older))
    assert grown is not None
    assert grown.response_ms == pytest.approx(newer, rel=1e-6, abs=1e-6)


BREACHES = [
    ("all is well", Counters(100, 0, 10), Counters(100, 0, 10), ""),
    ("a few failures", Counters(100, 5, 10), Counters(100, 0, 10), ""),
    ("more failures", Counters(100, 6, 10), Counters(100, 0, 10), "6 of 100 requests failed (0.0"),
    ("failures as before", Counters(100, 12, 10), Counters(100, 8, 10), ""),
    ("twice as many", Counters(100, 17, 10), Counters(100, 8, 10), "17 of 100 requests failed"),
    ("nothing known of before", Counters(100, 6, 10), None, "6 of 100 requests failed"),
    ("too little known", Counters(100, 6, 900), Counters(3, 3, 10), "6 of 100 requests failed"),
    ("too little traffic", Counters(19, 19, 900), Counters(100, 0, 10), ""),
    ("slower", Counters(100, 0, 400), Counters(100, 0, 50), "400 ms instead of 50 ms"),
    ("slower, unnoticeably", Counters(100, 0, 40), Counters(100, 0, 5), ""),
    ("a little slower", Counters(100, 0, 1000), Counters(100, 0, 400), ""),
]


@pytest.mark.parametrize(
    ("new", "old", "told"), [row[1:] for row in BREACHES], ids=[row[0] for row in BREACHES]
)
def test_a_breach_is_told(new: Counters, old: Counters | None, told: str) -> None:
    said = breach(new, old, LIMITS)
    assert said.startswith(told) if told.endswith("failed (0.0") else told in said
    assert bool(said) is bool(told)


def test_latency_is_left_out_when_asked() -> None:
    limits = Limits(latency_factor=0)
    assert breach(Counters(100, 0, 4000), Counters(100, 0, 50), limits) == ""


def test_too_little_traffic_is_said() -> None:
    assert "fewer than 20" in remark(Counters(7, 0, 0), LIMITS)
    assert remark(Counters(20, 0, 0), LIMITS) == ""


def test_the_journal_keeps_them() -> None:
    kept = Counters(3, 1, 2.5)
    assert Counters.from_json(kept.to_json()) == kept
    assert Counters.from_json(None) is None


def test_a_fresh_process_may_be_slow_at_first_but_not_faulty() -> None:
    slow, old = Counters(100, 0, 400), Counters(100, 0, 50)
    assert breach(slow, old, LIMITS.after(9.9)) == ""
    assert breach(slow, old, LIMITS.after(10)) != ""
    assert breach(Counters(100, 50, 10), old, LIMITS.after(0)) != ""
