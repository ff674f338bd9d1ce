"""``iactl verify`` on real servers, with a real proxy, database and cache."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from tests.fleet import Fleet

from .site import Site

pytestmark = pytest.mark.rig
LOG = "/var/log/iadeploy/health.jsonl"


@pytest.fixture(scope="module")
def dsn(fleet: Fleet) -> str:
    """A database whose schema is at a known revision."""
    url = fleet.database.create_database("verified")
    fleet.database.sql(
        "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version"
        " VALUES ('0002'); GRANT SELECT ON alembic_version TO verified;",
        database="verified",
    )
    return url


@pytest.fixture
def checks(fleet: Fleet, dsn: str) -> list[dict[str, Any]]:
    """One check of every kind that a server can answer."""
    return [
        {"name": "application", "kind": "container", "expect": {"max_restarts": 0}},
        {"name": "proxy", "kind": "service", "unit": "haproxy"},
        {"name": "engine", "kind": "service", "process": "dockerd"},
        {"name": "ssh", "kind": "tcp", "host": "127.0.0.1", "port": 22},
        {"name": "health", "kind": "http", "path": "/api/health", "expect": {"release": True}},
        {"name": "database", "kind": "postgres", "dsn": dsn, "expect": {"migration_head": "0002"}},
        {"name": "redis", "kind": "redis", "dsn": fleet.cache.url, "write": True},
        {"name": "room", "kind": "disk", "expect": {"min_free_percent": 0, "min_free_mib": 1}},
        {"name": "python", "kind": "command", "command": ["python3", "--version"]},
    ]


def test_every_kind_passes_on_a_server_with_debian_s_libraries(
    site: Site, checks: list[dict[str, Any]], fleet: Fleet, dsn: str
) -> None:
    site.configure(app_checks=checks, app_public_url=site.servers[0].url)
    said = site.operator.run("verify")
    assert said.code == 0, said.text
    places = said.report["hosts"]
    assert set(places) == {"public", *(server.name for server in site.servers)}
    for server in site.servers:
        found = {one["name"]: one for one in places[server.name]["results"]}
        assert set(found) == {one["name"] for one in checks}
        assert found["health"]["status"] == "200, 1.0.0"
        assert found["database"]["status"] == "revision 0002"
        assert found["redis"]["status"] == "wrote and read"
        log = server.run(["cat", LOG]).stdout
        told = json.loads(log.splitlines()[-1])
        assert {"at", "run", "check", "attempt", "healthy"} <= set(told)
        assert server.run(["stat", "-c", "%a", LOG]).stdout.strip() == "640"
        for secret in (fleet.cache.password, dsn.split(":")[2].split("@")[0]):
            assert secret not in log + said.progress + json.dumps(said.report)


def test_what_fails_is_named_with_its_server_and_a_hint(
    site: Site, checks: list[dict[str, Any]]
) -> None:
    wrong = [
        {"name": "redis", "kind": "redis", "dsn": checks[6]["dsn"].replace(":6379", ":1")},
        {"name": "migrations", **{**checks[5], "expect": {"migration_head": "0003"}}},
        {"name": "login", "kind": "postgres", "dsn": checks[5]["dsn"].replace("verified:", "x:")},
        {"name": "page", "kind": "http", "path": "/", "expect": {"status": [418]}},
        {"name": "old", "kind": "command", "command": ["/no/such"], "severity": "warning"},
        {"name": "hang", "kind": "command", "command": ["sleep", "60"], "timeout": 1},
    ]
    wrong[1]["name"] = "migrations"
    site.configure(app_checks=wrong)
    said = site.operator.run("verify", "--inside")
    assert said.code == 5, said.text
    first = site.servers[0]
    assert f"{first.name}: migrations: the schema is at revision '0002' instead of '0003'" in (
        said.text
    )
    assert f"{first.name}: page: answered 200 instead of 418" in said.text
    assert "is Redis listening on that address?" in said.text
    assert "does pg_hba.conf allow this login" in said.text
    assert f"warning: {first.name}: old:" in said.text
    assert f"{first.name}: hang: no answer within 1 s" in said.text
    container = next(iter(site.containers(first)))
    left = first.run(["docker", "top", container]).stdout
    assert "sleep 60" not in left


def test_a_container_that_stands_still_is_told_by_its_state(
    site: Site, checks: list[dict[str, Any]]
) -> None:
    site.configure(app_checks=checks[:2])
    server = site.servers[0]
    container = next(name for name, rest in site.containers(server).items() if " running" in rest)
    server.run(["docker", "pause", container])
    try:
        said = site.operator.run("verify", "--inside")
    finally:
        server.run(["docker", "unpause", container])
    assert said.code == 5, said.text
    assert f"{server.name}: application" in said.text


def test_a_mistake_in_the_checks_is_bad_input_with_its_path(site: Site) -> None:
    site.configure(app_checks=[{"name": "x", "kind": "http", "path": "/", "expect": {"stats": 1}}])
    said = site.operator.run("verify", "--inside")
    assert said.code == 2, said.text
    assert "checks[0].expect.stats: is not known" in said.text


def test_a_watch_ends_with_ctrl_c_and_the_last_round_s_code(site: Site) -> None:
    process = site.operator.start("verify", "--inside", "--watch", "600")
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert first["exit_code"] == 0, first
    process.send_signal(signal.SIGINT)
    _, progress = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in progress) == (0, False)


def test_a_live_release_is_checked_and_a_failure_is_told_and_not_undone(
    site: Site, checks: list[dict[str, Any]]
) -> None:
    site.configure(app_checks=checks, app_public_url=site.servers[0].url)
    good = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert good.code == 0, good.text
    assert good.report["data"]["phases"][-1]["phase"] == "verify"
    bad = {"name": "page", "kind": "http", "path": "/", "expect": {"body": "no such word"}}
    site.configure(app_checks=[*checks, bad])
    said = site.operator.run("rollback")
    assert said.code == 5, said.text
    assert "now serves 1.0.0" in said.text and "web2: page:" in said.text, said.text
    assert "iactl verify" in said.text
    assert set(site.served().values()) == {"1.0.0"}
    site.configure(app_verify=False)
    site.deploy("2.0.0")
    assert site.operator.run("status").code == 0
