"""A release as users and operators see it."""

from __future__ import annotations

import pytest

from tests.fleet import Fleet

from .site import Images, Site, make_site

pytestmark = pytest.mark.rig


def test_deploy_refused_deploy_and_rollback_lose_no_request(site: Site) -> None:
    with site.traffic() as traffic:
        done = site.operator.run("deploy", "--image", site.images("2.0.0"))
        assert done.code == 0, done.text
        # Four phases, and giving the lock back on the first server.
        assert done.report["data"]["remote_calls"] <= 5
        refused = site.operator.run("deploy", "--image", site.images("3.0.0", "crash"))
        assert refused.code == 4, refused.text
        assert "last log lines of the container on web" in refused.text, refused.text
        assert "GET http://" in refused.text and "/api/health: " in refused.text, refused.text
        assert site.served() == {"web1": "2.0.0", "web2": "2.0.0"}
        back = site.operator.run("rollback")
        assert back.code == 0, back.text
    traffic.assert_unharmed({"1.0.0", "2.0.0"})
    assert site.served() == {"web1": "1.0.0", "web2": "1.0.0"}


def test_one_server_alone_is_called_twice_and_keeps_no_lock(site: Site) -> None:
    hosts = site.folder / "hosts.yml"
    kept = hosts.read_text(encoding="utf-8")
    site.leave_only("web1")
    try:
        done = site.operator.run("deploy", "--image", site.images("2.0.0"))
        assert done.code == 0, done.text
        phases = [row["phase"] for row in done.report["data"]["phases"]]
        assert phases == ["plan", "prepare", "switch", "commit"]
        assert done.report["data"]["remote_calls"] == 2  # the plan, and all that follows it
        assert site.operator.run("unlock").text.startswith("Nothing is locked.")
    finally:
        hosts.write_text(kept, encoding="utf-8")


def test_application_without_health_endpoint_and_version_deploys(site: Site) -> None:
    site.configure(app_health_path="/")
    said = site.operator.run("deploy", "--image", site.images("2.2.0", "plain"))
    assert said.code == 0, said.text
    assert "the health answer has no version" in said.text


def test_changed_setting_is_a_new_release_of_the_same_image(site: Site) -> None:
    site.configure(app_env={"GREETING": "hello"})
    said = site.operator.run("deploy", "--image", site.images("1.0.0"))
    assert said.code == 0
    assert "now serves" in said.text
    for server in site.servers:
        running = [name for name, row in site.containers(server).items() if " running " in row]
        assert len(running) == 1
        shown = server.run(["docker", "inspect", "-f", "{{.Config.Env}}", running[0]]).stdout
        assert "GREETING=hello" in shown


def test_check_mode_changes_nothing(site: Site) -> None:
    before = site.snapshot()
    said = site.operator.run("deploy", "--image", site.images("2.0.0"), "--check")
    assert said.code == 0, said.text
    assert "would serve" in said.text
    assert "web1: + image: " in said.text
    assert site.snapshot() == before


def test_rollback_uses_no_registry(site: Site, fleet: Fleet) -> None:
    site.deploy("2.0.0")
    fleet.registry.stop()
    try:
        with site.traffic() as traffic:
            said = site.operator.run("rollback")
    finally:
        fleet.registry.start()
    assert said.code == 0, said.text
    traffic.assert_unharmed({"1.0.0", "2.0.0"})


def test_rollback_to_a_warm_release_starts_nothing(site: Site) -> None:
    site.configure(app_keep_warm=True)
    site.deploy("2.0.0")
    before = {server.name: set(site.containers(server).values()) for server in site.servers}
    with site.traffic() as traffic:
        said = site.operator.run("rollback")
    assert said.code == 0, said.text
    assert [row["phase"] for row in said.report["data"]["phases"]] == ["plan", "switch", "commit"]
    traffic.assert_unharmed({"1.0.0", "2.0.0"})
    assert set(site.served().values()) == {"1.0.0"}
    after = {server.name: set(site.containers(server).values()) for server in site.servers}
    assert after == before


def test_rollback_to_a_named_release_and_to_nowhere(site: Site) -> None:
    oldest = site.operator.run("status").report["hosts"]["web1"]["release"]
    site.deploy("2.0.0")
    site.deploy("2.3.0")
    assert site.operator.run("rollback", "--to", oldest).code == 0
    assert set(site.served().values()) == {"1.0.0"}
    before = site.snapshot()
    said = site.operator.run("rollback", "--to", "20200101-000000-abcdef")
    assert said.code == 8, said.text
    assert oldest in said.text
    assert site.snapshot() == before


def test_release_that_listens_on_another_port(site: Site) -> None:
    with site.traffic() as traffic:
        site.configure(app_port=8001, app_env={"PORT": "8001"})
        site.deploy("2.0.0")
        assert set(site.served().values()) == {"2.0.0"}
        assert site.operator.run("rollback").code == 0
        assert set(site.served().values()) == {"1.0.0"}
    traffic.assert_unharmed({"1.0.0", "2.0.0"})
    site.deploy("2.0.0")
    for server in site.servers:
        server.run(["service", "haproxy", "restart"])
    assert set(site.served().values()) == {"2.0.0"}


def test_second_application_beside_the_first(
    site: Site, fleet: Fleet, images: Images, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("blog")
    blog = make_site(fleet, images, folder, "blog", "blog.example", 0)
    clash = blog.operator.run("bootstrap")
    assert clash.code == 4
    assert "belong to shop" in clash.text
    assert "app_slot_index" in clash.text
    blog.configure(app_slot_index=1)
    before = site.snapshot()
    with site.traffic() as traffic:
        assert blog.operator.run("bootstrap").code == 0
        blog.deploy("5.0.0")
    traffic.assert_unharmed({"1.0.0"}, reload=True)
    assert set(blog.served().values()) == {"5.0.0"}
    assert site.snapshot() == before
