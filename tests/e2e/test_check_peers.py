"""Health checks against peers that only a rig has: a streaming replica, Redis behind TLS, a
container that runs out of memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import docker
import pytest

from tests.fleet import Fleet, engine, images
from tests.fleet.certificates import Authority
from tests.fleet.container import Member
from tests.fleet.database import Database
from tests.fleet.labels import random_name
from tests.fleet.waiting import wait_until
from tests.unit.check_builders import ask

pytestmark = pytest.mark.rig
BINARIES = "/usr/lib/postgresql/15/bin"
HBA = "/etc/postgresql/15/main/pg_hba.conf"
REPLICA = "/tmp/replica"
REPLICA_PORT = 5433
TLS_PORT = 6380
PASSWORD = "sentinel-Passw0rd"


def write(member: Member, folder: str, files: dict[str, bytes], user: str) -> None:
    """Write files that only their owner can read."""
    for name, content in files.items():
        argv = ["sh", "-c", f"umask 077; cat > {folder}/{name}"]
        member.run(argv, stdin=content.decode(), user=user, check=True)


@dataclass
class Pair:
    """A primary and its streaming replica: two clusters of one machine.

    Attributes:
        primary: the rig's database.
    """

    primary: Database

    def sql(self, statement: str, port: int = 5432) -> str:
        """Run a statement as the superuser on one of the two."""
        argv = ["psql", "--no-psqlrc", "-qAt", "--host", "/run/postgresql", "--port", str(port)]
        return self.primary.run([*argv, "-c", statement], user="postgres", check=True).stdout

    def control(self, *verb: str) -> None:
        """Start or stop the replica."""
        argv = [f"{BINARIES}/pg_ctl", "-D", REPLICA, "-w", "-l", f"{REPLICA}.log", *verb]
        self.primary.run(argv, user="postgres", check=True)

    def start(self) -> None:
        """Start the replica and wait until the primary sees it replay."""
        options = f"-p {REPLICA_PORT} -h 0.0.0.0 -k /run/postgresql -c hba_file={HBA} -c ssl=on"
        self.control("-o", options, "start")
        self.wait_for_replay()

    def wait_for_replay(self) -> None:
        """Wait until the replica has all that the primary has."""
        same = "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()"
        wait_until(lambda: self.sql(same).strip() == "1", "the replica's replay")

    def ask(self, port: int = 5432, user: str = "watcher", most: float = 1.0) -> Any:
        """Ask one of the two how far replication is behind."""
        login = {"username": user, "password": PASSWORD, "database": "postgres"}
        where: dict[str, Any] = {"host": self.primary.address, "port": port, **login}
        return ask("postgres", **where, expect={"max_lag": most})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the peers' certificates."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    authority.create("peers")
    return authority


@pytest.fixture(scope="module")
def pair(fleet: Fleet, authority: Authority) -> Iterator[Pair]:
    """A primary and a replica that speaks TLS, a user who may see the lag and one who may not."""
    pair = Pair(fleet.database)
    for user in ("watcher", "plain"):
        pair.sql(f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'")
    pair.sql("GRANT pg_monitor TO watcher")
    allow = ["sh", "-c", f"echo 'local replication postgres peer' >> {HBA}"]
    fleet.database.run(allow, check=True)
    pair.sql("SELECT pg_reload_conf()")
    copy = [f"{BINARIES}/pg_basebackup", "-D", REPLICA, "-h", "/run/postgresql", "-R", "-c", "fast"]
    fleet.database.run(copy, user="postgres", check=True)
    issued = authority.issue("replica.example", addresses=[fleet.database.address])
    # Debian keeps its configuration elsewhere, and the server does not start without one.
    files = {"postgresql.conf": b"", "server.crt": issued.certificate, "server.key": issued.key}
    write(fleet.database, REPLICA, files, "postgres")
    pair.start()
    yield pair
    pair.control("-m", "immediate", "stop")


def test_a_replica_that_keeps_up_is_healthy_seen_from_both_ends(pair: Pair) -> None:
    pair.sql("CREATE TABLE IF NOT EXISTS written (at timestamptz)")
    pair.wait_for_replay()
    assert pair.ask().status == "answers, 0.0 s behind"
    assert pair.ask(REPLICA_PORT).status == "answers, 0.0 s behind"
    assert pair.ask(REPLICA_PORT, "plain").healthy


def test_a_user_who_may_not_see_the_replicas_is_no_good_news(pair: Pair) -> None:
    told = pair.ask(user="plain")
    assert (told.healthy, told.status) == (False, "lag unknown")
    assert "GRANT pg_monitor" in told.hint


def test_a_replica_that_stands_still_is_behind_seen_from_both_ends(pair: Pair) -> None:
    pair.sql("INSERT INTO written SELECT now()")
    pair.wait_for_replay()
    pair.sql("SELECT pg_wal_replay_pause()", REPLICA_PORT)
    try:
        pair.sql("INSERT INTO written SELECT now()")
        for port in (5432, REPLICA_PORT):
            wait_until(lambda port=port: not pair.ask(port).healthy, "a lag")  # type: ignore[misc]
            told = pair.ask(port)
            assert told.cause.startswith("replication is ") and "allowed are 1 s" in told.cause
        assert pair.ask(most=3600).healthy and pair.ask(REPLICA_PORT, most=3600).healthy
    finally:
        pair.sql("SELECT pg_wal_replay_resume()", REPLICA_PORT)
    pair.wait_for_replay()
    assert pair.ask().healthy and pair.ask(REPLICA_PORT).healthy


def test_a_replica_that_is_cut_off_has_replayed_all_and_is_behind_all_the_same(pair: Pair) -> None:
    source = pair.sql("SHOW primary_conninfo", REPLICA_PORT).strip()
    pair.sql("INSERT INTO written SELECT now()")
    pair.wait_for_replay()

    def follow(conninfo: str) -> None:
        quoted = conninfo.replace("'", "''")
        pair.sql(f"ALTER SYSTEM SET primary_conninfo = '{quoted}'", REPLICA_PORT)
        pair.sql("SELECT pg_reload_conf()", REPLICA_PORT)

    follow("")
    try:
        wait_until(lambda: not pair.ask(REPLICA_PORT).healthy, "a lag of the replica")
        assert "it receives nothing from its primary" in pair.ask(REPLICA_PORT).cause
        wait_until(lambda: pair.ask().status == "lag unknown", "the primary's notice")
        assert pair.ask().cause == "replication: no replica is connected"
    finally:
        follow(source)
    pair.wait_for_replay()
    assert pair.ask(REPLICA_PORT).healthy


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"sslmode": "verify-full"}, ""),
        ({"sslmode": "verify-full", "ca_file": "/etc/ssl/certs/ca-certificates.crt"}, "TLS with"),
        ({"sslmode": "require", "ca_file": None}, ""),
        ({"sslmode": "verify-full", "password": "wrong-Passw0rd"}, "the server refused the login"),
    ],
    ids=str,
)
def test_postgres_is_asked_over_tls(
    pair: Pair, authority: Authority, options: dict[str, Any], cause: str
) -> None:
    login = {"username": "plain", "password": PASSWORD, "database": "postgres"}
    where = {"host": pair.primary.address, "port": REPLICA_PORT, **login}
    query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    asked = {**where, "ca_file": str(authority.certificate_path), "query": query, **options}
    told = ask("postgres", None, **asked, expect={"value": "true"})
    assert told.cause.startswith(cause) and told.healthy is not bool(cause), told
    assert PASSWORD not in str(told)


@pytest.fixture(scope="module")
def encrypted_cache(fleet: Fleet, authority: Authority) -> str:
    """A Redis that speaks nothing but TLS; its address."""
    issued = authority.issue("cache.example", addresses=[fleet.cache.address])
    settings = (
        f"port 0\ntls-port {TLS_PORT}\nbind 0.0.0.0\nprotected-mode no\ndaemonize yes\n"
        "tls-cert-file /tmp/tls.crt\ntls-key-file /tmp/tls.key\ntls-ca-cert-file /tmp/tls.crt\n"
        f'tls-auth-clients no\nrequirepass {PASSWORD}\nsave ""\npidfile /tmp/tls.pid\n'
    )
    files = {"tls.crt": issued.certificate, "tls.key": issued.key, "tls.conf": settings.encode()}
    write(fleet.cache, "/tmp", files, "root")
    fleet.cache.run(["redis-server", "/tmp/tls.conf"], check=True)
    asked: dict[str, Any] = {"host": fleet.cache.address, "port": TLS_PORT}
    wait_until(lambda: ask("tcp", **asked).healthy, "the cache's port")
    return fleet.cache.address


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"write": True}, ""),
        ({"ca_file": None}, "its chain is incomplete or its authority unknown"),
        ({"ca_file": None, "tls_verify": False}, ""),
        ({"password": "wrong-Passw0rd"}, "the server refused the login"),
        ({"tls": False, "ca_file": None}, "connection closed without an answer"),
        ({"host": "localhost-by-another-name"}, "the name in "),
    ],
    ids=str,
)
def test_redis_is_asked_over_tls(
    encrypted_cache: str, authority: Authority, options: dict[str, Any], cause: str
) -> None:
    right = {"host": encrypted_cache, "port": TLS_PORT, "password": PASSWORD, "tls": True}
    told = ask("redis", **{**right, "ca_file": str(authority.certificate_path), **options})
    assert told.cause.startswith(cause) and told.healthy is not bool(cause), told
    assert PASSWORD not in str(told)


def test_redis_over_tls_by_url(encrypted_cache: str, authority: Authority) -> None:
    dsn = f"rediss://:{PASSWORD}@{encrypted_cache}:{TLS_PORT}/0"
    assert ask("redis", dsn=dsn, ca_file=str(authority.certificate_path)).status == "PONG"


def test_what_speaks_no_tls_is_no_encrypted_redis(fleet: Fleet, authority: Authority) -> None:
    asked: dict[str, Any] = {"host": fleet.cache.address, "port": 6379, "tls": True, "timeout": 3}
    told = ask("redis", **asked, ca_file=str(authority.certificate_path))
    assert not told.healthy and "TLS" in told.hint, told


@pytest.fixture
def starved() -> Iterator[str]:
    """A container that wants more memory than it may have."""
    name = f"iadeploy-test-{random_name()}"
    greedy = "held = [bytearray(1 << 20) for _ in range(500)]"
    container = engine.client().containers.run(
        images.python(),
        ["python3", "-c", greedy],
        name=name,
        detach=True,
        mem_limit="32m",
        memswap_limit="32m",
    )
    try:
        container.wait(timeout=60)
        yield name
    finally:
        container.remove(force=True)


def test_a_container_that_ran_out_of_memory_is_final_and_says_so(starved: str) -> None:
    state = docker.from_env().containers.get(starved).attrs["State"]
    assert state["ExitCode"] == 137
    told = ask("container", container=starved)
    assert (told.healthy, told.final, told.status) == (False, True, "exited")
    if state["OOMKilled"]:
        assert told.cause == f"container {starved} was killed for memory"
    else:  # some kernels don't tell the engine; then nobody knows for sure
        assert "with code 137" in told.cause and "for memory" in told.hint
