"""After the switch: a release that does badly under traffic makes way on every server."""

from __future__ import annotations

import pytest

from .site import Site

pytestmark = pytest.mark.rig

# Longer than the three seconds after which the tiny application spoils.
BAKE = {"app_bake_seconds": 20, "app_bake_min_requests": 10}


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("dies", "the container crashed and was restarted"),
        ("errs", "requests failed"),
        ("sickens", "answered 503 instead of 200"),
    ],
)
def test_release_that_spoils_under_traffic_makes_way_on_all_servers(
    site: Site, mode: str, told: str
) -> None:
    # The prober's own health requests count as users' failures too; here health shall judge.
    site.configure(**BAKE, app_bake_max_error_percent=100 if mode == "sickens" else 5)
    before = site.snapshot()
    with site.traffic() as traffic:
        said = site.operator.run("deploy", "--image", site.images("3.0.0", mode))
        traffic.prober.wait_sent(traffic.prober.report().sent + 50)
    assert said.code == 4, said.text
    assert told in said.text
    assert "bake failed" in said.text
    assert "every server serves 1.0.0" in said.text
    assert site.served() == {"web1": "1.0.0", "web2": "1.0.0"}
    assert site.snapshot() == before
    # It ended with the fault, long before the bake would have.
    assert said.report["seconds"] < BAKE["app_bake_seconds"]
    site.deploy("2.0.0")


def test_release_without_users_is_baked_by_its_health_and_that_is_said(site: Site) -> None:
    site.configure(app_bake_seconds=2)
    said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 0, said.text
    assert "not enough traffic in the bake" in said.text
    assert site.served() == {"web1": "2.0.0", "web2": "2.0.0"}


def test_cancel_during_the_bake_brings_the_old_release_back(site: Site) -> None:
    site.configure(app_bake_seconds=60)
    before = site.snapshot()
    with site.traffic() as traffic:
        process = site.operator.start("deploy", "--image", site.images("2.0.0"))
        traffic.prober.wait_version("2.0.0")
        process.terminate()
        said = site.operator.finish(process)
    assert said.code == 7, said.text
    assert site.snapshot() == before
    traffic.assert_unharmed({"1.0.0", "2.0.0"})


def test_canary_keeps_a_bad_release_from_the_other_servers(site: Site) -> None:
    site.configure(app_canary=1, app_canary_bake_seconds=20, app_bake_min_requests=10)
    canary, other = site.servers
    before = site.snapshot()
    with site.traffic(servers=[canary]) as spoiled, site.traffic(servers=[other]) as users:
        said = site.operator.run("deploy", "--image", site.images("3.0.0", "errs"))
        spoiled.prober.wait_sent(spoiled.prober.report().sent + 50)
    assert said.code == 4, said.text
    assert "bake failed on 1 of 1 server" in said.text, said.text
    users.assert_unharmed({"1.0.0"})
    assert spoiled.seen is not None and spoiled.seen.failed > 0
    assert site.snapshot() == before


def test_after_a_good_canary_all_servers_follow(site: Site) -> None:
    site.configure(app_canary="50%", app_canary_bake_seconds=1)
    with site.traffic() as traffic:
        said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 0, said.text
    phases = [one["phase"] for one in said.report["data"]["phases"]]
    assert phases == ["plan", "prepare", "switch", "bake", "switch", "commit"]
    assert set(site.served().values()) == {"2.0.0"}
    traffic.assert_unharmed({"1.0.0", "2.0.0"})


def test_a_canary_that_is_no_number_is_refused(site: Site) -> None:
    site.configure(app_canary="some")
    said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 2, said.text
    assert "app_canary" in said.text and "25%" in said.text
