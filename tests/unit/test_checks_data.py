"""Database and cache checks against a real PostgreSQL and a real Redis."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
import redis as redis_client

from tests.unit import data_peers
from tests.unit.check_builders import ask, run
from tests.unit.data_peers import PASSWORD, DataPeer


@pytest.fixture(scope="module")
def database() -> Iterator[DataPeer]:
    """A PostgreSQL whose schema is at revision 0002."""
    if data_peers.postgres_binaries() is None:
        pytest.skip("postgresql is not installed on this machine")
    with data_peers.postgres() as peer:
        dsn = f"postgresql://owner:{PASSWORD}@127.0.0.1:{peer.port}/postgres"
        up = {"name": "up", "kind": "postgres", "dsn": dsn, "retries": 200, "max_delay": 0.05}
        assert run(up)[0].healthy
        yield peer


@pytest.fixture(scope="module")
def cache() -> Iterator[DataPeer]:
    """A Redis."""
    if not data_peers.has_redis():
        pytest.skip("redis-server is not installed on this machine")
    with data_peers.redis() as peer:
        yield peer


def owner(peer: DataPeer) -> Any:
    """Return a connection that may do everything."""
    made = psycopg2.connect(
        host="127.0.0.1", port=peer.port, user="owner", password=PASSWORD, dbname="postgres"
    )
    made.autocommit = True
    return made


def asked(peer: DataPeer, **options: Any) -> Any:
    """Ask the database."""
    login = {"username": "owner", "password": PASSWORD, "database": "postgres"}
    told = ask("postgres", **{"host": "127.0.0.1", "port": peer.port, **login, **options})
    assert PASSWORD not in str(told)
    return told


def test_a_login_and_a_query_by_parts_and_by_url(database: DataPeer) -> None:
    assert asked(database).status == "answers"
    dsn = f"postgresql+psycopg2://owner:{PASSWORD}@127.0.0.1:{database.port}/postgres"
    assert ask("postgres", dsn=dsn).healthy


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"password": "wrong-Passw0rd"}, "the server refused the login"),
        ({"username": "nobody"}, "the server refused the login"),
        ({"password": None, "username": "owner"}, "the server wants a password"),
        ({"database": "absent"}, "the server has no such database"),
        ({"sslmode": "require"}, "TLS with the server failed"),
        ({"port": 1}, "connection refused on 127.0.0.1:1"),
        ({"query": "SELECT * FROM absent"}, "the query failed"),
        ({"query": "SELECT pg_sleep(30)", "timeout": 0.5}, "no answer within 0.5 s"),
        ({"query": "CREATE TABLE made (x int)"}, "the query failed"),
        ({"expect": {"value": "2"}}, "the query answered '1' instead of '2'"),
        ({"query": "SELECT true", "expect": {"value": "true"}}, ""),
        ({"expect": {"migration_head": "0001"}}, "the database has no table alembic_version"),
        ({"expect": {"max_lag": 5}}, "replication: no replica is connected"),
        ({"expect": {"settings": {"log_statement": ["ddl", "none"], "log_duration": False}}}, ""),
        ({"expect": {"settings": {"log_statement": "ddl"}}}, "log_statement is 'none' instead of"),
        ({"expect": {"settings": {"log_connections": True}}}, "log_connections is 'off' instead"),
        (
            {"expect": {"settings": {"max_connections": 1}}},
            "max_connections is '100' instead of '1'",
        ),
        ({"expect": {"settings": {"absent.one": "x"}}}, "the server knows no setting absent.one"),
    ],
    ids=str,
)
def test_what_the_database_says_becomes_a_cause(
    database: DataPeer, options: dict[str, Any], cause: str
) -> None:
    told = asked(database, **options)
    assert told.healthy is (not cause)
    assert told.cause.startswith(cause), told


def test_the_schema_s_revision_is_compared(database: DataPeer) -> None:
    with owner(database).cursor() as cursor:
        cursor.execute("CREATE TABLE alembic_version (version_num text)")
        cursor.execute("INSERT INTO alembic_version VALUES ('0002')")
    try:
        assert asked(database, expect={"migration_head": "0002"}).status == "revision 0002"
        told = asked(database, expect={"migration_head": "0003"})
        assert told.cause == "the schema is at revision '0002' instead of '0003'"
        with owner(database).cursor() as cursor:
            cursor.execute("INSERT INTO alembic_version VALUES ('0001')")
        told = asked(database, expect={"migration_head": "0002"})
        assert told.cause == "the schema is at revision '0001, 0002' instead of '0002'"
        with owner(database).cursor() as cursor:
            cursor.execute("DELETE FROM alembic_version")
        told = asked(database, expect={"migration_head": "0002"})
        assert told.cause == "the schema is at revision 'none' instead of '0002'"
    finally:
        with owner(database).cursor() as cursor:
            cursor.execute("DROP TABLE alembic_version")


def test_a_check_of_the_database_leaves_no_query_running(database: DataPeer) -> None:
    asked(database, query="SELECT pg_sleep(60)", timeout=0.3)
    ends, left = time.monotonic() + 10, 1
    while left and time.monotonic() < ends:
        with owner(database).cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'iadeploy-health'"
            )
            left = (cursor.fetchone() or (0,))[0]
    assert left == 0


def cached(peer: DataPeer, **options: Any) -> Any:
    """Ask the cache."""
    told = ask("redis", host="127.0.0.1", **{"port": peer.port, "password": PASSWORD, **options})
    assert PASSWORD not in str(told)
    return told


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({}, ""),
        ({"write": True}, ""),
        ({"username": "default"}, ""),
        ({"db": 15}, ""),
        ({"password": None}, "the server wants a password"),
        ({"password": "wrong-Passw0rd"}, "the server refused the login"),
        ({"db": 99}, "failed"),
        ({"port": 1}, "connection refused on 127.0.0.1:1"),
    ],
    ids=str,
)
def test_what_the_cache_says_becomes_a_cause(
    cache: DataPeer, options: dict[str, Any], cause: str
) -> None:
    told = cached(cache, **options)
    assert told.healthy is (not cause), told
    assert told.cause.startswith(cause) or cause == "failed"


def test_a_write_leaves_nothing_behind(cache: DataPeer) -> None:
    assert cached(cache, write=True).status == "wrote and read"
    client = redis_client.Redis(port=cache.port, password=PASSWORD)
    assert client.keys("iadeploy:*") == []


def test_a_replica_and_a_full_cache_are_told(cache: DataPeer) -> None:
    client = redis_client.Redis(port=cache.port, password=PASSWORD)
    client.config_set("maxmemory", 1)
    try:
        told = cached(cache, write=True)
        assert "memory is full" in told.cause and "maxmemory" in told.hint
        assert cached(cache).healthy
    finally:
        client.config_set("maxmemory", 0)
