"""Row 16: the proxy's configuration breaks, the proxy dies, and connections that last."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.conversation import Conversation, live_through, retired_apart, version_at
from tests.e2e.site import Site
from tests.fleet.waiting import wait_until

from .row import Row

pytestmark = [pytest.mark.rig, pytest.mark.row(16)]

CERTIFICATE = "/etc/haproxy/broken.pem"


def test_configuration_that_does_not_hold_is_not_loaded(
    row: Callable[..., Row], site: Site
) -> None:
    first = site.servers[0]
    kept = "cat /etc/haproxy/haproxy.cfg /etc/haproxy/conf.d/*"
    with row() as it:
        before = first.run(["sh", "-c", kept]).stdout
        for server in site.servers:
            server.run(["sh", "-c", f"echo no certificate > {CERTIFICATE}"], check=True)
        it.configure(proxy_tls_certificate=CERTIFICATE)
        said = it.run("bootstrap")
        assert said.code == 4, said.text
        assert "broken.pem" in said.text, said.text
        assert first.run(["sh", "-c", kept]).stdout == before


def test_configuration_broken_by_hand_is_not_loaded_by_a_reload(
    row: Callable[..., Row], site: Site
) -> None:
    server = site.servers[1]
    path = "/etc/haproxy/conf.d/zz-broken.cfg"
    with row(reload=True) as it:
        server.run(["sh", "-c", f"echo 'no such keyword' > {path}"], check=True)
        try:
            assert server.run(["service", "haproxy", "reload"]).returncode != 0
            assert it.deploy(it.new).code == 0
        finally:
            server.run(["rm", path], check=True)


def test_proxy_killed_before_a_deploy(row: Callable[..., Row], site: Site) -> None:
    first, server, last = site.servers
    with row(users=[first, last]) as it:
        server.run(["sh", "-c", "pkill -KILL -x haproxy"], check=True)
        told = it.run("status")
        assert told.code == 5 and f"{server.name}: HAProxy does not answer" in told.text, told.text
        said = it.deploy(it.new)
        assert said.code == 3, said.text
        assert f"{server.name}: HAProxy does not answer" in said.text
        server.run(["service", "haproxy", "start"], check=True)
        wait_until(lambda: it.look([server])[server.name].served == it.old, "the old release")


def test_proxy_that_lost_its_state_serves_what_runs(row: Callable[..., Row], site: Site) -> None:
    with row(reload=True, harmed=True):  # a restart refuses connections until it is over
        for server in site.servers:
            server.run(["truncate", "-s", "0", "/var/lib/haproxy/iadeploy.state"], check=True)
            server.run(["service", "haproxy", "restart"], check=True)


def test_long_requests_finish_on_the_old_release(row: Callable[..., Row], site: Site) -> None:
    with row() as it:
        slow = [site.request("/slow?8") for _ in range(3)]
        assert it.deploy(it.new).code == 0
        answers = [answer.communicate()[0] for answer in slow]
        assert answers == [f'{{"hello": "{it.old}"}}\n'] * 3


def test_websocket_lives_until_the_drain_is_over(row: Callable[..., Row], site: Site) -> None:
    first = site.servers[0]
    with row() as it:
        it.configure(app_drain_seconds=10, app_stop_seconds=1)
        talk = Conversation(first.address, first.address)
        deploy = it.start_deploy(it.new)
        versions = live_through(talk, lambda: version_at(first.url), deploy)
        talk.close()
        assert it.finish(deploy).code == 0
        assert versions == {it.old}
        # The other servers had nothing open, so their old releases were retired long before.
        assert retired_apart(site.servers, site.app) >= 5
        again = Conversation(first.address, first.address)
        assert again.version() == it.new
        again.close()
