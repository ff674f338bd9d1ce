"""A release as users and operators see it."""

from __future__ import annotations

import pytest

from tests.fleet import Fleet

from .conftest import make_site
from .conversation import Conversation, live_through, retired_apart, version_at
from .site import SECRET, Images, Site

pytestmark = pytest.mark.rig


def test_deploy_refused_deploy_and_rollback_lose_no_request(site: Site) -> None:
    with site.traffic() as traffic:
        done = site.operator.run("deploy", "--image", site.images("2.0.0"))
        assert done.code == 0, done.text
        # Four phases, and giving the lock back on the first server.
        assert done.report["data"]["remote_calls"] <= 5
        refused = site.operator.run("deploy", "--image", site.images("3.0.0", "crash"))
        assert refused.code == 4, refused.text
        assert site.served() == {"web1": "2.0.0", "web2": "2.0.0"}
        back = site.operator.run("rollback")
        assert back.code == 0, back.text
    traffic.assert_unharmed({"1.0.0", "2.0.0"})
    assert site.served() == {"web1": "1.0.0", "web2": "1.0.0"}


def test_crash_at_start_shows_the_last_log_lines_masked_and_the_failing_check(site: Site) -> None:
    before = site.snapshot()
    said = site.operator.run("deploy", "--image", site.images("3.0.0", "crash"))
    assert said.code == 4
    assert "exited with code 1" in said.text
    assert "/api/health" in said.text
    assert "fatal: cannot log in with password ********" in said.text
    assert "every server serves 1.0.0 as before" in said.text
    assert SECRET not in said.text + said.progress
    assert site.snapshot() == before


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("unhealthy", "answered 503 instead of 200 (failing: database)"),
        ("liar", "served version '0.0.0-old' instead of '3.0.0'"),
        ("once", "exited with code 3"),
        ("silent", "no answer within 3 s"),
    ],
)
def test_candidate_that_is_not_healthy_gets_no_user_request(
    site: Site, mode: str, told: str
) -> None:
    before = site.snapshot()
    with site.traffic() as traffic:
        said = site.operator.run("deploy", "--image", site.images("3.0.0", mode))
    assert said.code == 4, said.text
    assert told in said.text
    traffic.assert_unharmed({"1.0.0"})
    assert site.snapshot() == before


def test_image_whose_program_is_not_for_this_processor(site: Site) -> None:
    before = site.snapshot()
    said = site.operator.run("deploy", "--image", site.images("3.1.0", "foreign"))
    assert said.code == 4, said.text
    assert "exec format error" in said.text
    assert site.snapshot() == before


def test_slow_start_is_waited_for(site: Site) -> None:
    said = site.operator.run("deploy", "--image", site.images("2.1.0", "slow"))
    assert said.code == 0, said.text
    assert set(site.served().values()) == {"2.1.0"}


def test_application_without_health_endpoint_and_version_deploys(site: Site) -> None:
    site.configure(app_health_path="/")
    said = site.operator.run("deploy", "--image", site.images("2.2.0", "plain"))
    assert said.code == 0, said.text
    assert "the health answer has no version" in said.text


def test_same_release_again_touches_nothing(site: Site) -> None:
    before = site.snapshot()
    said = site.operator.run("deploy", "--image", site.images("1.0.0"))
    assert said.code == 0
    assert "already at 1.0.0" in said.text
    assert [row["phase"] for row in said.report["data"]["phases"]] == ["plan"]
    assert site.snapshot() == before


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


def test_release_serves_again_after_a_reboot(site: Site) -> None:
    site.deploy("2.0.0")
    for server in site.servers:
        server.restart()
    assert site.operator.run("status").code == 0
    assert set(site.served().values()) == {"2.0.0"}


def test_applications_stay_up_while_the_engine_restarts(site: Site) -> None:
    with site.traffic() as traffic:
        for server in site.servers:
            server.run(["service", "docker", "restart"])
    traffic.assert_unharmed({"1.0.0"})
    assert site.operator.run("status").code == 0


def test_long_request_finishes_on_the_old_release(site: Site) -> None:
    slow = [site.request("/slow") for _ in range(3)]
    site.deploy("2.0.0")
    assert [answer.communicate()[0] for answer in slow] == ['{"hello": "1.0.0"}\n'] * 3


def test_open_websocket_stays_with_its_release_for_the_drain_time(site: Site) -> None:
    site.configure(app_drain_seconds=4, app_stop_seconds=1)
    first = site.servers[0]
    talk = Conversation(first.address, first.address)
    deploy = site.operator.start("deploy", "--image", site.images("2.0.0"))
    versions = live_through(talk, lambda: version_at(first.url), deploy)
    talk.close()
    said = site.operator.finish(deploy)
    assert said.code == 0, said.text
    assert versions == {"1.0.0"}
    # The other server had nothing open, so its old release was retired at once.
    assert retired_apart(site.servers, site.app) >= 4


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
