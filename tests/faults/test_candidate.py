"""Rows 11, 12, 14 and 22: images that do not run, do not stay, lie, or serve already."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.e2e.site import Site

from .row import Row

pytestmark = pytest.mark.rig

CACHE_PORT = 6379
# The application's mode; what must be told of it; seconds that the whole command may take.
BAD = (
    ("crash", ("exited with code 1", "fatal: cannot log in with password ********"), 10),
    ("once", ("exited with code 3",), 10),
    ("unhealthy", ("answered 503 instead of 200 (failing: database)",), 20),
    ("silent", ("no answer within 3 s",), 20),
)
LIES = (
    ("liar", "served version '0.0.0-old' instead of '3.0.0'"),
    ("shallow", "answered 200, but says that it is not well (failing: database)"),
)


def refused(it: Row, mode: str, told: tuple[str, ...], version: str = "3.0.0") -> float:
    """Deploy what must not get through; return the seconds that it took."""
    before = {name: one.at_rest for name, one in it.look().items()}
    it.site.images(version, mode)  # is built when it is first asked for
    began = time.monotonic()
    said = it.deploy(version, mode)
    seconds = time.monotonic() - began
    assert said.code == 4, said.text
    assert [words for words in told if words not in said.text] == [], said.text
    assert f"every server serves {it.old} as before" in said.text
    assert {name: one.at_rest for name, one in it.look().items()} == before
    return seconds


@pytest.mark.row(11)
def test_program_for_another_processor(row: Callable[..., Row]) -> None:
    with row() as it:
        refused(it, "foreign", ("exec /app/start: exec format error",), "3.1.0")


@pytest.mark.row(12)
def test_candidate_that_crashes_or_is_never_healthy(row: Callable[..., Row]) -> None:
    with row() as it:
        for mode, told, most in BAD:
            seconds = refused(it, mode, told)
            assert seconds < 3 * most, (mode, seconds)  # thrice, where others use the machine


@pytest.mark.row(12)
def test_slow_start_is_waited_for(row: Callable[..., Row]) -> None:
    with row(allowed={"2.1.0"}) as it:
        assert it.deploy("2.1.0", "slow").code == 0
        assert {one.served for one in it.look().values()} == {"2.1.0"}


@pytest.mark.row(12)
def test_second_of_three_servers_unhealthy(row: Callable[..., Row], site: Site) -> None:
    """It cannot reach the database: all three serve the old release, soon."""
    server, cache = site.servers[1], site.fleet.cache
    rule = f"DOCKER-USER -p tcp -d {cache.address} --dport {CACHE_PORT} -j REJECT"
    with row() as it:
        it.configure(app_env={"DEPENDS": f"{cache.address}:{CACHE_PORT}"}, app_health_deadline=4)
        server.run(["sh", "-c", f"iptables -I {rule}"], check=True)
        try:
            seconds = refused(it, "ok", (f"{server.name}: ", "failing: database"), it.new)
        finally:
            server.run(["sh", "-c", f"iptables -D {rule}"], check=True)
        it.note = f"after {seconds:.1f} s"
        # Without the fault the same release is fine.
        it.configure(app_health_deadline=60)
        assert it.deploy(it.new).code == 0


@pytest.mark.row(14)
def test_health_that_lies(row: Callable[..., Row]) -> None:
    with row() as it:
        for mode, told in LIES:
            refused(it, mode, (told,))


@pytest.mark.row(22)
def test_same_release_again_touches_nothing(row: Callable[..., Row]) -> None:
    with row() as it:
        before = {name: one.at_rest for name, one in it.look().items()}
        said = it.deploy(it.old)
        assert (said.code, f"already at {it.old}" in said.text) == (0, True), said.text
        assert [one["phase"] for one in said.report["data"]["phases"]] == ["plan"]
        done = it.site.operator.playbook("deploy", f"release_image={it.site.images(it.old)}")
        assert done.returncode == 0 and "changed=0" in done.stdout, done.stdout
        assert "changed=1" not in done.stdout, done.stdout
        assert {name: one.at_rest for name, one in it.look().items()} == before
