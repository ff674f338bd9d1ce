"""What a primary and a replica tell of their lag, and what it means."""

from __future__ import annotations

import pytest
from iadeploy.checks.kinds.replication import Lag, judge, primary, replica


@pytest.mark.parametrize(
    ("told", "seconds", "cause"),
    [
        ((True, True, 900.0), 0.0, ""),
        ((True, False, 3.5), 3.5, ""),
        ((True, False, -0.2), 0.0, ""),
        ((True, False, None), None, "it has replayed no transaction yet"),
        ((False, True, 900.0), 900.0, "it receives nothing from its primary"),
        ((False, True, None), None, "it receives nothing from its primary"),
    ],
)
def test_a_replica_is_on_time_only_while_it_is_fed(
    told: tuple[bool, bool, float | None], seconds: float | None, cause: str
) -> None:
    lag = replica(*told)
    assert (lag.seconds, lag.cause) == (seconds, cause)


@pytest.mark.parametrize(
    ("told", "seconds", "cause"),
    [
        ((2, 2, 2, 4.5), 4.5, ""),
        ((1, 1, 1, -0.001), 0.0, ""),
        ((0, 0, 0, None), None, "no replica is connected"),
        ((1, 1, 0, None), None, "no replica is connected"),  # a backup that is being made
        ((1, 0, 0, None), None, "its user may not see how far the replicas are"),
    ],
)
def test_a_primary_tells_its_slowest_replica_or_that_it_does_not_know(
    told: tuple[int, int, int, float | None], seconds: float | None, cause: str
) -> None:
    lag = primary(*told)
    assert (lag.seconds, lag.cause) == (seconds, cause)


@pytest.mark.parametrize(
    ("lag", "healthy", "said"),
    [
        (Lag(1.0), True, "1.0 s behind"),
        (Lag(5.0), True, "5.0 s behind"),
        (Lag(5.1), False, "replication is 5.1 s behind, allowed are 5 s"),
        (Lag(9.0, "it is cut off"), False, "replication is 9.0 s behind, allowed are 5 s; it is"),
        (Lag(None, "no replica is connected"), False, "replication: no replica is connected"),
    ],
)
def test_a_lag_is_compared_and_an_unknown_one_is_no_good_news(
    lag: Lag, healthy: bool, said: str
) -> None:
    verdict = judge(lag, 5.0)
    assert verdict.healthy is healthy
    assert (verdict.cause or verdict.status).startswith(said)
