"""Row 18: there is nothing to go back to, or it does not work either."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.site import Site
from tests.fleet.family import kill_all
from tests.fleet.waiting import wait_until

from .breakpoint import PYTHON, journal_step
from .row import Row
from .truth import Truth
from .waits import wait_idle

pytestmark = [pytest.mark.rig, pytest.mark.row(18)]

CACHE_PORT = 6379


def test_image_of_the_release_before_is_gone(row: Callable[..., Row], site: Site) -> None:
    server = site.servers[1]
    with row() as it:
        assert it.deploy(it.new).code == 0
        [stopped] = [
            one for one in it.look([server])[server.name].containers if one["state"] == "exited"
        ][:1]
        server.run(["docker", "rm", stopped["name"]], check=True)
        server.run(["docker", "rmi", "-f", stopped["image"]], check=True)
        before = {name: one.at_rest for name, one in it.look().items()}
        said = it.run("rollback")
        assert said.code == 8, said.text
        assert f"{server.name}: the image of release" in said.text, said.text
        assert {name: one.at_rest for name, one in it.look().items()} == before
        unknown = it.run("rollback", "--to", "20200101-000000-abcdef")
        assert unknown.code == 8 and "Choose one of: " in unknown.text, unknown.text


def test_release_before_does_not_work_any_more(row: Callable[..., Row], site: Site) -> None:
    """The old release needs a database that is gone; the new one does not."""
    cache = site.fleet.cache
    rule = f"DOCKER-USER -p tcp -d {cache.address} --dport {CACHE_PORT} -j REJECT"
    with row() as it:
        it.configure(app_env={"DEPENDS": f"{cache.address}:{CACHE_PORT}"}, app_health_deadline=60)
        assert it.deploy(it.new).code == 0
        it.configure(app_env={}, app_health_deadline=15)
        assert it.deploy(it.old).code == 0
        before = {name: (one.serving, names(one)) for name, one in it.look().items()}
        for server in site.servers:
            server.run(["sh", "-c", f"iptables -I {rule}"], check=True)
        try:
            said = it.run("rollback")
        finally:
            for server in site.servers:
                server.run(["sh", "-c", f"iptables -D {rule}"], check=True)
        assert said.code == 5, said.text
        assert "failing: database" in said.text
        assert f"every server serves {it.old} as before" in said.text, said.text
        after = {name: (one.serving, names(one)) for name, one in it.look().items()}
        assert after == before  # what was to come back is kept as it was
        phases = [one["phase"] for one in said.report["data"]["phases"]]
        assert phases == ["plan", "prepare", "abort"]


def test_rollback_breaks_on_one_server_behind_a_killed_deploy(
    row: Callable[..., Row], site: Site
) -> None:
    """The release before still runs everywhere, and every journal is the killed deploy's."""
    at = journal_step(site.servers[1], "switch", "after")
    with row(status=None) as it:
        it.configure(app_bake_seconds=60)
        process = it.start_deploy(it.new)
        wait_until(lambda: {one.served for one in it.look().values()} == {it.new}, "the switch")
        kill_all(process)
        it.restore()
        wait_idle(it)
        it.configure(ansible_python_interpreter=PYTHON)
        at.set()
        try:
            process = it.start("rollback")
            at.wait(process)
            at.kill()
            said = it.finish(process)
        finally:
            at.clear()
            it.restore()
        assert said.code == 4, said.text
        assert f"every server serves {it.new} as before" in said.text, said.text
        assert {one.served for one in it.look().values()} == {it.new}
        # It serves, and the killed deploy never made it the live one; a deploy of it does.
        assert it.deploy(it.new).code == 0


def names(truth: Truth) -> list[str]:
    """Return the names of a server's containers."""
    return sorted(one["name"] for one in truth.containers)
