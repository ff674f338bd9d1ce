"""A release that gets its traffic step by step."""

from __future__ import annotations

import os
import signal

import pytest

from tests.fleet.waiting import wait_until

from .site import Site

pytestmark = pytest.mark.rig


def weights(site: Site) -> list[list[int]]:
    """Return the slots' weights on every server, the smaller one first."""
    return [sorted(site.weights(server).values()) for server in site.servers]


def test_a_release_gets_its_traffic_step_by_step(site: Site) -> None:
    site.configure(app_traffic=[10, 50, 100], app_traffic_seconds=4)
    with site.traffic() as traffic:
        process = site.operator.start("deploy", "--image", site.images("2.0.0"))
        for step in ([10, 90], [50, 50], [1, 1]):
            wait_until(
                lambda: weights(site) == [step, step],
                f"the weights {step}",
                deadline=60,
                every=0.05,
            )
        said = site.operator.finish(process)
    assert said.code == 0, said.text
    phases = [one["phase"] for one in said.report["data"]["phases"]]
    assert phases == ["plan", "prepare", *["switch", "bake"] * 2, "switch", "commit"]
    traffic.assert_unharmed({"1.0.0", "2.0.0"})
    assert set(site.served().values()) == {"2.0.0"}


def test_a_release_that_fails_at_a_step_never_gets_more(site: Site) -> None:
    site.configure(app_traffic=[30, 100], app_traffic_seconds=40, app_bake_min_requests=10)
    before = site.snapshot()
    with site.traffic() as traffic:
        said = site.operator.run("deploy", "--image", site.images("3.0.0", "errs"))
    assert said.code == 4, said.text
    assert "bake failed" in said.text and "requests failed" in said.text
    assert site.snapshot() == before and weights(site) == [[1, 1], [1, 1]]
    assert traffic.seen is not None
    assert traffic.seen.versions["1.0.0"].count > traffic.seen.versions["3.0.0"].count


def test_a_run_killed_at_a_step_leaves_the_old_release_as_the_one_that_counts(site: Site) -> None:
    # Not half of it: users ask for two pages in turn, and only one of them tells its version.
    site.configure(app_traffic=[30, 100], app_traffic_seconds=100)
    with site.traffic() as traffic:
        process = site.operator.start("deploy", "--image", site.images("2.0.0"))
        wait_until(lambda: weights(site) == [[30, 70]] * 2, "the first step", deadline=60)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        told = site.operator.run("status")
        assert told.code == 5, told.text
        assert "both slots take traffic" in told.text
        wait_until(lambda: not site.remote_work(), "the end of the orphaned remote command")
        site.configure(app_traffic=[100])
        bad = site.operator.run("deploy", "--image", site.images("3.0.0", "unhealthy"))
        assert bad.code == 4, bad.text
    assert set(site.served().values()) == {"1.0.0"}
    traffic.assert_unharmed({"1.0.0", "2.0.0"})
    assert site.operator.run("status").code == 0


@pytest.mark.parametrize("steps", [[25, 5, 100], [5, 25], [0, 100], []])
def test_steps_that_do_not_rise_to_all_of_it_are_refused(site: Site, steps: list[int]) -> None:
    site.configure(app_traffic=steps)
    said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 2, said.text
    assert "app_traffic" in said.text and "[5, 25, 100]" in said.text
