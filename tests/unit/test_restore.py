"""Restores into a database that is in use, with a real PostgreSQL, where this machine has it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from iadeploy.backup import backups_folder, find_backup, make_backup
from iadeploy.migrations import BackupRules
from iadeploy.postgres import Postgres
from iadeploy.restore import restore_into
from iadeploy.store import Store

from tests.fleet.waiting import wait_until
from tests.unit import data_peers
from tests.unit.builders import failure_of

SUPERUSER, PLAIN = "owner", "shop"
# One of each kind that a role may make in its own database. The names tell two sets apart.
OBJECTS = """
CREATE TYPE mood_{0} AS ENUM ('calm', 'wistful');
CREATE DOMAIN amount_{0} AS int CHECK (VALUE >= 0);
CREATE TYPE span_{0} AS RANGE (subtype = int);
CREATE TYPE pair_{0} AS (a int, b "mood_{0}");
CREATE COLLATION german_{0} (provider = libc, locale = 'C');
CREATE TEXT SEARCH DICTIONARY words_{0} (TEMPLATE = pg_catalog.simple);
CREATE TEXT SEARCH CONFIGURATION search_{0} (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION search_{0} ALTER MAPPING FOR asciiword WITH words_{0};
CREATE FUNCTION add_{0}(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + $2';
CREATE AGGREGATE total_{0}(int) (SFUNC = add_{0}, STYPE = int, INITCOND = '0');
CREATE PROCEDURE tidy_{0}(INOUT n int) LANGUAGE plpgsql AS 'BEGIN n := n + 1; END';
CREATE FUNCTION pick_{0}(mood_{0}, int) RETURNS mood_{0} LANGUAGE sql AS 'SELECT $1';
CREATE OPERATOR <~> (LEFTARG = mood_{0}, RIGHTARG = int, FUNCTION = pick_{0});
CREATE CONVERSION latin_{0} FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE FUNCTION rank_{0}(mood_{0}) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE CAST (mood_{0} AS int) WITH FUNCTION rank_{0}(mood_{0});
CREATE TABLE "Notes {0}" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial,
  mood mood_{0}, amount amount_{0} DEFAULT 1, text text COLLATE german_{0});
INSERT INTO "Notes {0}" (mood, text) SELECT 'calm', 'content' FROM generate_series(1, 9);
CREATE INDEX ON "Notes {0}" USING gin (text gin_trgm_ops);
CREATE STATISTICS both_{0} ON id, n FROM "Notes {0}";
CREATE VIEW calm_{0} AS SELECT total_{0}(n) FROM "Notes {0}" WHERE mood = 'calm';
CREATE MATERIALIZED VIEW kept_{0} AS SELECT * FROM calm_{0};
CREATE TABLE events_{0} (at date, n int) PARTITION BY RANGE (at);
CREATE TABLE events_2020_{0} PARTITION OF events_{0} DEFAULT;
INSERT INTO events_{0} VALUES ('2020-01-01', 1);
CREATE FUNCTION touch_{0}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER touch BEFORE UPDATE ON "Notes {0}" FOR EACH ROW EXECUTE FUNCTION touch_{0}();
CREATE PUBLICATION told_{0} FOR TABLE "Notes {0}";
CREATE SCHEMA apart_{0};
CREATE TABLE apart_{0}.notes AS SELECT id FROM "Notes {0}";
SELECT lo_from_bytea({1}, 'a large object');
"""
# And one of each that only a superuser may make.
MORE_OBJECTS = """
CREATE CAST (point AS {2}) WITH INOUT;
CREATE OPERATOR FAMILY family_{0} USING btree;
CREATE OPERATOR CLASS class_{0} FOR TYPE int USING btree AS OPERATOR 1 <;
CREATE TEXT SEARCH TEMPLATE template_{0} (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE FOREIGN DATA WRAPPER far_{0};
CREATE SERVER server_{0} FOREIGN DATA WRAPPER far_{0};
CREATE FOREIGN TABLE away_{0} (id int) SERVER server_{0};
CREATE FUNCTION base_in_{0}(cstring) RETURNS base_{0} IMMUTABLE STRICT LANGUAGE internal
  AS 'int4in';
CREATE FUNCTION base_out_{0}(base_{0}) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal
  AS 'int4out';
CREATE TYPE base_{0} (INPUT = base_in_{0}, OUTPUT = base_out_{0}, LIKE = int4);
"""


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of a PostgreSQL with a role that is no superuser."""
    if data_peers.postgres_binaries() is None:
        pytest.skip("postgresql is not installed on this machine")
    with data_peers.postgres() as peer:
        url = address(peer.port, SUPERUSER, "postgres")
        wait_until(lambda: answers(url), "PostgreSQL", deadline=20, every=0.05)
        run(url, f"CREATE ROLE {PLAIN} LOGIN PASSWORD '{data_peers.PASSWORD}'")
        yield peer.port


@pytest.fixture(params=[PLAIN, SUPERUSER])
def url(server: int, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of a role's own, with one of each kind of object."""
    role, admin = request.param, address(server, SUPERUSER, "postgres")
    run(admin, f"CREATE DATABASE shop OWNER {role}")
    url = address(server, role, "shop")
    try:
        run(url, "CREATE EXTENSION pg_trgm;" + objects(role, "old", 4711, "int"))
        yield url
    finally:
        run(admin, "DROP DATABASE shop WITH (FORCE)")


def objects(role: str, name: str, large: int, target: str) -> str:
    return (OBJECTS + (MORE_OBJECTS if role == SUPERUSER else "")).format(name, large, target)


def address(port: int, role: str, database: str) -> str:
    return f"postgresql://{role}:{data_peers.PASSWORD}@127.0.0.1:{port}/{database}"


def run(url: str, statements: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True  # CREATE DATABASE takes no transaction
    try:
        connection.cursor().execute(statements)
    finally:
        connection.close()


def answers(url: str) -> bool:
    try:
        run(url, "SELECT 1")
        return True
    except psycopg2.OperationalError:
        return False


def backup(url: str, port: int, folder: Path) -> Path:
    store = Store(str(folder), "shop")
    backups_folder(store).mkdir(parents=True, mode=0o700)
    rules = BackupRules(scratch_url=address(port, SUPERUSER, "postgres"))
    return find_backup(store, make_backup(store, url, rules, "")["name"])[0]


def content(url: str) -> list[str]:
    """Return everything that the database holds, as pg_dump's lines."""
    done = subprocess.run(["pg_dump", url], check=True, capture_output=True, text=True)
    # pg_dump's own random word of each dump.
    return sorted(line for line in done.stdout.splitlines() if "restrict " not in line)


def test_every_kind_of_object_makes_way_for_the_backup_s(
    url: str, server: int, tmp_path: Path
) -> None:
    before, path = content(url), backup(url, server, tmp_path)
    role = str(urlsplit(url).username)
    run(url, objects(role, "new", 4712, "text") + 'DELETE FROM "Notes old"')
    assert content(url) != before
    for _ in range(2):
        restore_into(Postgres(url), path, 60.0)
        assert content(url) == before


@pytest.mark.parametrize("url", [PLAIN], indirect=True)
def test_what_is_not_the_application_s_own_stays(url: str, server: int, tmp_path: Path) -> None:
    path, admin = backup(url, server, tmp_path), address(server, SUPERUSER, "shop")
    run(admin, "CREATE PUBLICATION others FOR ALL TABLES; CREATE CAST (point AS text) WITH INOUT")
    run(admin, "CREATE EXTENSION hstore; SELECT lo_from_bytea(4713, 'x')")
    before = content(admin)
    restore_into(Postgres(url), path, 60.0)
    assert content(admin) == before


@pytest.mark.parametrize("url", [PLAIN], indirect=True)
def test_an_extension_may_be_somebody_else_s(url: str, server: int, tmp_path: Path) -> None:
    run(address(server, SUPERUSER, "shop"), "CREATE EXTENSION hstore")
    before, path = content(url), backup(url, server, tmp_path)
    run(url, 'DELETE FROM "Notes old"')
    restore_into(Postgres(url), path, 60.0)
    assert content(url) == before


def test_one_that_fails_at_its_end_leaves_everything_as_it_was(
    url: str, server: int, tmp_path: Path
) -> None:
    admin = address(server, SUPERUSER, "shop")
    run(admin, "CREATE ROLE reader; GRANT SELECT ON calm_old TO reader")
    path = backup(url, server, tmp_path)
    run(admin, "DROP OWNED BY reader; DROP ROLE reader")
    run(url, """UPDATE "Notes old" SET text = 'newer'; SELECT lo_unlink(4711)""")
    before = content(url)
    failure = failure_of(lambda: restore_into(Postgres(url), path, 60.0))
    assert 'role "reader" does not exist' in failure.what
    assert content(url) == before
