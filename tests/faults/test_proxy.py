"""Row 16: the proxy's configuration breaks, the proxy dies, and connections that last."""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

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
    with row() as it, websocket(site.servers[0].address) as connection:
        it.configure(app_drain_seconds=3)
        echoed(connection, b"before")
        process = it.start_deploy(it.new)
        it.traffic.prober.wait_version(it.new, deadline=90)
        echoed(connection, b"after the switch")
        assert it.finish(process).code == 0
        # The old container has stopped, and with it the connection: the client opens another.
        connection.settimeout(30)
        with suppress(ConnectionResetError):
            assert connection.recv(100) == b""
        with websocket(site.servers[0].address) as again:
            echoed(again, b"on the new release")


@contextmanager
def websocket(address: str) -> Iterator[socket.socket]:
    """Open a websocket through a proxy."""
    key = base64.b64encode(os.urandom(16)).decode()
    asked = (
        f"GET /socket HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection((address, 80), timeout=10) as connection:
        connection.sendall(asked.encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(4096)
        assert answer.startswith(b"HTTP/1.1 101 "), answer
        yield connection


def echoed(connection: socket.socket, text: bytes) -> None:
    """Send a text and get it back."""
    connection.sendall(text)
    assert connection.recv(4096) == text
