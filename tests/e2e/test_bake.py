"""After the switch: how a good release is watched, and which servers go first."""

from __future__ import annotations

import pytest

from .site import Site

pytestmark = pytest.mark.rig


def test_release_without_users_is_baked_by_its_health_and_that_is_said(site: Site) -> None:
    site.configure(app_bake_seconds=2)
    said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 0, said.text
    assert "not enough traffic in the bake" in said.text
    assert site.served() == {"web1": "2.0.0", "web2": "2.0.0"}


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
