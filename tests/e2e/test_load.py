"""Many requests, a tenth of them long, over one release after the other."""

from __future__ import annotations

import os

import pytest

from tests.fleet import Prober

from .site import Site

pytestmark = pytest.mark.rig

ROUNDS = int(os.environ.get("LOAD_ROUNDS", "2"))  # each a deploy and a rollback
RATE = 200.0  # requests per second, over kept connections
LONG = 2.0  # seconds that every tenth request takes


@pytest.mark.timeout(900)
def test_no_request_is_lost_over_deploys_and_rollbacks(site: Site) -> None:
    urls = [f"{one.url}{path}" for one in site.servers for path in ["/api/health"] * 9 + ["/slow"]]
    with Prober(urls, rate=RATE, limit=1800, fresh_share=0.0, timeout=30) as prober:
        for _ in range(ROUNDS):
            site.deploy("2.0.0")
            back = site.operator.run("rollback")
            assert back.code == 0, back.text
        prober.wait_sent(prober.report().sent + int(RATE * 2 * LONG))
    seen = prober.report()
    assert (seen.failed, seen.unsent) == (0, 0), seen
    assert set(seen.versions) == {"1.0.0", "2.0.0"}
    assert max(one.latency_p99 or 0 for one in seen.phases) > LONG  # the long ones were there
