"""A database's URL with libpq's parameters, with a real PostgreSQL, where this machine has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from iadeploy import scratch
from iadeploy.backup import list_backups, make_backup
from iadeploy.errors import DeployError
from iadeploy.host import Host
from iadeploy.migrations import BackupRules, Wanted
from iadeploy.pending import Pending
from iadeploy.phases import migrate as migrating
from iadeploy.phases.migrate import migrate
from iadeploy.postgres import Postgres
from iadeploy.store import Store
from iadeploy.task_container import Ended

from tests.fleet.waiting import wait_until
from tests.unit import data_peers
from tests.unit.builders import failure_of
from tests.unit.test_restore import SUPERUSER, address, answers, run
from tests.unit.world import ASKED, NEW, World, host_on

IN_SHOP = "options=-csearch_path%3Dshop"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a database whose schema ``shop`` holds Alembic's table."""
    if data_peers.postgres_binaries() is None:
        pytest.skip("postgresql is not installed on this machine")
    with data_peers.postgres() as peer:
        url = address(peer.port, SUPERUSER, "postgres")
        wait_until(lambda: answers(url), "PostgreSQL", deadline=20, every=0.05)
        run(url, "CREATE SCHEMA shop; CREATE TABLE shop.alembic_version (version_num text)")
        yield url


@pytest.fixture
def url(server: str) -> str:
    """Its URL, which says where to look; the schema has two heads."""
    heads = "DELETE FROM alembic_version; INSERT INTO alembic_version VALUES ('b1'), ('a1')"
    run(f"{server}?{IN_SHOP}", heads)
    return f"{server}?{IN_SHOP}"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_the_revision_is_looked_for_where_the_url_says(url: str, scheme: str) -> None:
    asked = url.replace("postgresql", scheme, 1)
    assert Postgres(asked).revisions() == ["a1", "b1"]
    assert Postgres(asked.partition("?")[0]).revisions() == []


def test_the_product_s_own_options_come_behind_the_url_s(url: str) -> None:
    database = Postgres(f"{url}%20-cwork_mem%3D1MB")
    assert database.notices_lost_clients()
    asked = database.environment(PGOPTIONS="-c work_mem=2MB")
    assert asked["PGOPTIONS"].startswith("-csearch_path=shop -cwork_mem=1MB ")
    assert asked["PGOPTIONS"].endswith(" -c work_mem=2MB")
    assert database.query("SHOW work_mem", "ask") == ["1MB"]


def test_an_application_s_limit_of_time_is_none_of_a_backup_s(url: str) -> None:
    limits = "%20-cstatement_timeout%3D50%20-cidle_in_transaction_session_timeout%3D50"
    assert Postgres(url + limits).query("SELECT pg_sleep(0.2), 1", "wait") == ["|1"]


@pytest.mark.parametrize("app", ["shop", "store"])
def test_a_backup_tells_several_heads_as_everything_else_does(
    url: str, tmp_path: Path, app: str
) -> None:
    store = Store(str(tmp_path), app)
    made = make_backup(store, url, BackupRules(), "")
    assert made["revision"] == "a1, b1"
    assert made["name"].endswith("-a1+b1")
    assert list_backups(store)[0]["revision"] == "a1, b1"


def test_two_applications_prove_their_backups_side_by_side(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore, inner = scratch._restore, Store(str(tmp_path), "other")

    def meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(scratch, "_restore", restore)
        make_backup(inner, url, BackupRules(), "")
        restore(*arguments)

    monkeypatch.setattr(scratch, "_restore", meanwhile)
    make_backup(Store(str(tmp_path), "shop"), url, BackupRules(), "")
    assert list_backups(inner)
    assert databases(url) == ["postgres", "template0", "template1"]


def databases(url: str) -> list[str]:
    return Postgres(url).query("SELECT datname FROM pg_database ORDER BY 1", "ask")


def test_a_scratch_database_that_a_crash_left_makes_way(url: str, tmp_path: Path) -> None:
    left = scratch.scratch_name("shop", Postgres(url))
    run(url, f'CREATE DATABASE "{left}"')
    run(url, "CREATE DATABASE iadeploy_scratch_postgres")  # somebody else's
    make_backup(Store(str(tmp_path), "shop"), url, BackupRules(), "")
    assert databases(url) == ["iadeploy_scratch_postgres", "postgres", "template0", "template1"]
    run(url, "DROP DATABASE iadeploy_scratch_postgres")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = host_on(World(), tmp_path)
    host.store.save(NEW)
    return host


def fails(
    host: Host, patch: pytest.MonkeyPatch, url: str, meanwhile: Callable[[], None]
) -> DeployError:
    """Return the failure of a destructive migration, during which something happens."""

    def run_task(*_: Any) -> Ended:
        meanwhile()
        return Ended(1, b"no such column")

    wanted = Wanted(("migrate",), allow_destructive=True, url=url)
    bad = Pending(", ".join(Postgres(url).revisions()), "c1", True, ["DROP TABLE t"])
    patch.setattr(migrating, "find_pending", lambda *_: bad)
    patch.setattr(migrating, "run_task", run_task)
    return failure_of(lambda: migrate(host, NEW, wanted, ASKED))


def recorded(host: Host) -> dict[str, Any]:
    told: dict[str, Any] = host.store.ledger().entries[-1]["migration"]
    return told


@pytest.mark.parametrize("heads", ["'a1'", ""], ids=["somewhere", "empty"])
def test_a_migration_that_failed_and_changed_nothing_counts_no_more(
    host: Host, monkeypatch: pytest.MonkeyPatch, url: str, heads: str
) -> None:
    run(url, "DELETE FROM alembic_version")
    if heads:
        run(url, f"INSERT INTO alembic_version VALUES ({heads})")
    failure = fails(host, monkeypatch, url, lambda: None)
    assert f"the schema is still at {'a1' if heads else 'its empty beginning'}" in failure.what
    assert recorded(host)["ran"] is False


@pytest.mark.parametrize("heads", ["'a1'", ""], ids=["somewhere", "empty"])
def test_a_migration_that_failed_where_nobody_can_tell_stays_destructive(
    host: Host, monkeypatch: pytest.MonkeyPatch, url: str, heads: str
) -> None:
    run(url, "DELETE FROM alembic_version")
    if heads:
        run(url, f"INSERT INTO alembic_version VALUES ({heads})")

    def unreadable() -> None:
        run(url, "ALTER TABLE alembic_version RENAME version_num TO hidden")

    try:
        failure = fails(host, monkeypatch, url, unreadable)
    finally:
        run(url, "ALTER TABLE alembic_version RENAME hidden TO version_num")
    assert "which revision the schema is at is not known" in failure.what
    told = recorded(host)
    assert (told["ran"], told["after"], told["destructive"]) == (True, "", ["DROP TABLE t"])
