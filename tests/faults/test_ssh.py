"""Row 8: the way to a server is cut, and what answers there is not what was pinned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.site import Site
from tests.fleet.server import Server
from tests.fleet.waiting import wait_until

from .row import Row
from .sshd import RESTART_SSHD, shell
from .waits import wait_candidate, wait_idle

pytestmark = [pytest.mark.rig, pytest.mark.row(8)]

REFUSED = "INPUT -p tcp --dport 22 -j REJECT --reject-with tcp-reset"
KEY = "/etc/ssh/ssh_host_ed25519_key"
AUTHORIZED = "/root/.ssh/authorized_keys"


@contextmanager
def changed(server: Server, path: str, change: str) -> Iterator[None]:
    """Change a file of sshd's for a block."""
    shell(server, f"cp -p {path} {path}.kept; {change}; {RESTART_SSHD}")
    try:
        yield
    finally:
        shell(server, f"mv {path}.kept {path}; {RESTART_SSHD}")


def test_connection_reset_while_the_candidate_starts(row: Callable[..., Row], site: Site) -> None:
    server = site.servers[1]
    with row(status=5) as it:
        it.configure(app_health_deadline=60)
        process = it.start_deploy("3.0.0", "late")
        wait_candidate(it)
        shell(server, f"iptables -I {REFUSED}")
        try:
            said = it.finish(process)
        finally:
            shell(server, f"iptables -D {REFUSED}")
        wait_idle(it)
        assert said.code in (3, 4), said.text
        assert f"{server.name}: the SSH connection to it broke off" in said.text, said.text
        assert f"{server.name}: a candidate without traffic may be left" in said.text, said.text
        assert {one.served for one in it.look().values()} == {it.old}


def test_host_key_that_changed_is_never_accepted(row: Callable[..., Row], site: Site) -> None:
    server = site.servers[1]
    make = f"rm {KEY}; ssh-keygen -q -t ed25519 -N '' -f {KEY} <&-"
    with row() as it:
        before = {name: one.at_rest for name, one in it.look().items()}
        known = site.fleet.known_hosts_path.read_bytes()
        with changed(server, KEY, make):
            said = it.deploy(it.new)
        assert said.code == 3, said.text
        assert f"{server.name}: its SSH host key is not the pinned one" in said.text, said.text
        assert "possible interception" in said.text
        assert site.fleet.known_hosts_path.read_bytes() == known
        assert {name: one.at_rest for name, one in it.look().items()} == before
        wait_until(lambda: server.ssh("true").returncode == 0, "the old key", deadline=30)


def test_revoked_key_is_told_with_the_user(row: Callable[..., Row], site: Site) -> None:
    server = site.servers[1]
    with row() as it:
        before = {name: one.at_rest for name, one in it.look().items()}
        with changed(server, AUTHORIZED, f": > {AUTHORIZED}"):
            said = it.deploy(it.new)
        assert said.code == 3, said.text
        assert f"{server.name}: it refused the SSH log-in of user 'root'" in said.text, said.text
        assert {name: one.at_rest for name, one in it.look().items()} == before
        wait_until(lambda: server.ssh("true").returncode == 0, "the old key", deadline=30)
