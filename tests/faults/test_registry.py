"""Row 9: a registry that is down, refuses, hangs, or has another image under the same tag."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.site import Site
from tests.fleet.registry import PORT
from tests.peers import faults
from tests.peers.registry import BadRegistry

from .breakpoint import PYTHON, Breakpoint
from .row import Row

pytestmark = [pytest.mark.rig, pytest.mark.row(9)]

LIMITED = b'{"errors":[{"code":"TOOMANYREQUESTS","message":"toomanyrequests: slow down"}]}'
JSON = "Content-Type: application/json"


@contextmanager
def replaced(site: Site, folder: Path) -> Iterator[BadRegistry]:
    """Have the servers meet another registry than their own."""
    registry = site.fleet.registry
    gateway = str(ipaddress.ip_interface(f"{registry.address}/24").network[1])
    with BadRegistry(gateway, site.fleet.folder, folder) as bad:
        rule = (
            f"OUTPUT -t nat -p tcp -d {registry.address} --dport {PORT}"
            f" -j DNAT --to-destination {gateway}:{bad.port}"
        )
        for server in site.servers:
            server.run(["sh", "-c", f"iptables -I {rule}"], check=True)
        try:
            yield bad
        finally:
            for server in site.servers:
                server.run(["sh", "-c", f"iptables -D {rule}"], check=True)


@contextmanager
def changed_password(site: Site) -> Iterator[None]:
    """Have the registry ask for another password for a block."""
    password = site.fleet.registry.password
    site.fleet.registry.set_password("changed-behind-our-back-1")
    try:
        yield
    finally:
        site.fleet.registry.set_password(password)


@contextmanager
def stopped(site: Site) -> Iterator[None]:
    """Have no registry for a block."""
    site.fleet.registry.stop(timeout=1)
    try:
        yield
    finally:
        site.fleet.registry.start()


def test_registry_that_refuses_touches_nothing(
    row: Callable[..., Row], site: Site, tmp_path: Path
) -> None:
    registry = site.fleet.registry
    with row() as it:
        image = site.images("9.0.0")
        before = {name: one.at_rest for name, one in it.look().items()}

        def refused(told: str, wanted: str = image) -> None:
            began = time.monotonic()
            said = it.run("deploy", "--image", wanted)
            assert said.code == 3, said.text
            assert told in said.text, said.text
            assert time.monotonic() - began < 60

        refused("has pushed it", registry.reference("tiny", "never-pushed"))
        with replaced(site, tmp_path) as bad:
            bad.misbehave(for_good=faults.answers(429, LIMITED, JSON))
            refused("The registry limits requests")
            asked = len(bad.requests)
            assert asked <= 5 * len(site.servers), f"{asked} tries"
            bad.misbehave(for_good=faults.answers(401, b"{}", JSON))
            refused("app_registry_password")
            bad.misbehave(for_good=faults.hang)
            it.configure(app_engine_timeout=5)
            refused("the registry behind the Docker Engine did not answer within 5 s")
            it.configure(app_engine_timeout=60)
        with changed_password(site):
            refused("app_registry_password")
        with stopped(site):
            refused("Check that the registry runs")
        assert {name: one.at_rest for name, one in it.look().items()} == before


def test_registry_that_hangs_in_the_pull(
    row: Callable[..., Row], site: Site, tmp_path: Path
) -> None:
    at = Breakpoint(site.servers[1], "http.client.send", "/images/create")
    with row() as it:
        it.configure(ansible_python_interpreter=PYTHON, app_engine_timeout=5)
        at.set()
        try:
            process = it.start_deploy("9.0.0")
            at.wait(process)
            with replaced(site, tmp_path) as bad:
                bad.misbehave(for_good=faults.hang)
                at.go_on()
                said = it.finish(process)
        finally:
            at.clear()
        assert said.code == 3, said.text
        assert f"{site.servers[1].name}: cannot pull" in said.text, said.text
        assert {one.served for one in it.look().values()} == {it.old}


def test_tag_that_moves_after_the_plan_changes_nothing(row: Callable[..., Row], site: Site) -> None:
    at = Breakpoint(site.servers[1], "http.client.send", "/images/create")
    registry = site.fleet.registry
    with row(allowed={"9.1.0"}) as it:
        image = site.images("9.1.0")
        site.images("9.2.0")
        it.configure(ansible_python_interpreter=PYTHON)
        at.set()
        try:
            process = it.start("deploy", "--image", image)
            at.wait(process)
            registry.push("iadeploy-test/tiny:9.2.0-ok", "tiny", "9.1.0-ok")
            at.go_on()
            said = it.finish(process)
        finally:
            at.clear()
        assert said.code == 0, said.text
        assert {one.served for one in it.look().values()} == {"9.1.0"}
        assert len({one.serving["digest"] for one in it.look().values()}) == 1
