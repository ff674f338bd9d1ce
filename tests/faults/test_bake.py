"""Row 13: a release that spoils once users are on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.site import Site
from tests.fleet.report import Span

from .row import Row
from .waits import pace_of, wait_told

pytestmark = [pytest.mark.rig, pytest.mark.row(13)]

# Longer than the three seconds after which the tiny application spoils.
BAKE = {"app_bake_seconds": 20, "app_bake_min_requests": 10}


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("dies", "the container crashed and was restarted"),
        ("errs", "requests failed"),
        ("drags", "ms instead of "),
        ("sickens", "answered 503 instead of 200"),
    ],
    ids=["dies", "errs", "drags", "sickens"],
)
def test_release_that_spoils_under_traffic(row: Callable[..., Row], mode: str, told: str) -> None:
    with row(harmed=True, allowed={"3.0.0"}) as it:
        # The users' own health requests count as failures too; here health shall judge.
        pace = pace_of(it)
        it.configure(**BAKE, app_bake_max_error_percent=100 if mode == "sickens" else 5)
        before = {name: one.at_rest for name, one in it.look().items()}
        process = it.start_deploy("3.0.0", mode)
        # The first server to tell raised the alarm; with the last one the outcome is decided.
        wait_told(process, 1, "bake ✘", "bake ✔")
        it.traffic.prober.mark("alarm")
        wait_told(process, len(it.site.servers) - 1, "bake ✘", "bake ✔")
        it.traffic.prober.mark("verdict")
        said = it.finish(process)
        assert said.code == 4, said.text
        assert told in said.text and "bake failed" in said.text, said.text
        assert "While it took traffic, " in said.text, said.text
        assert f"every server serves {it.old}" in said.text
        assert {name: one.at_rest for name, one in it.look().items()} == before
        # It ended with the fault, long before the bake would have.
        phases = {one["phase"] for one in said.report["data"]["phases"]}
        assert "abort" in phases and "commit" not in phases
        seen = it.traffic.prober.report()
        alarm, verdict = seen.phase("alarm"), seen.phase("verdict")
        last = max(_last(alarm), _last(verdict))
        it.note = f"{max(last - alarm.begin, 0):.1f} s after the alarm"
        # No server waits for the judgement, and none for more than the window that it is in.
        assert last - verdict.begin < pace
        assert last - alarm.begin < 5 * pace


def _last(span: Span) -> float:
    """Return when the last answer of the bad release came, 0 without one."""
    return max((one.last for name, one in span.versions.items() if name == "3.0.0"), default=0.0)


def test_canary_keeps_a_bad_release_from_the_other_servers(
    row: Callable[..., Row], site: Site
) -> None:
    canary, *others = site.servers
    with row(users=others) as it, site.traffic(servers=[canary]) as spoiled:
        it.configure(app_canary=1, app_canary_bake_seconds=20, app_bake_min_requests=10)
        said = it.deploy("3.0.0", "errs")
        spoiled.prober.wait_sent(spoiled.prober.report().sent + 20)
        assert said.code == 4, said.text
        assert "bake failed on 1 of 3 servers" in said.text, said.text
        assert spoiled.prober.report().failed > 0
        assert "3.0.0" not in it.traffic.prober.report().versions
