"""Which statements the release that serves would not survive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iadeploy.sql_judge import destructive

ADDITIVE = [
    "CREATE TABLE tags (id SERIAL NOT NULL, name VARCHAR(20), PRIMARY KEY (id))",
    "ALTER TABLE entries ADD COLUMN mood VARCHAR(20)",
    "ALTER TABLE entries ADD COLUMN mood VARCHAR(20) DEFAULT 'calm' NOT NULL",
    "ALTER TABLE entries ADD mood VARCHAR(20) DEFAULT 'calm' NOT NULL",
    "ALTER TABLE entries ADD COLUMN n INTEGER GENERATED ALWAYS AS IDENTITY NOT NULL",
    "ALTER TABLE entries ADD COLUMN n BIGSERIAL NOT NULL",
    "ALTER TABLE entries ADD COLUMN n TEXT CHECK (n IS NOT NULL)",
    "ALTER TABLE entries ADD CONSTRAINT c CHECK (mood IS NOT NULL)",
    "ALTER TABLE entries ADD FOREIGN KEY(user_id) REFERENCES users (id)",
    "ALTER TABLE entries DROP CONSTRAINT entries_user_id_fkey",
    "ALTER TABLE entries ALTER COLUMN mood DROP NOT NULL",
    "ALTER TABLE entries ALTER COLUMN mood SET DEFAULT 'calm'",
    "ALTER TABLE entries ALTER COLUMN mood TYPE TEXT",
    "ALTER TABLE entries ALTER COLUMN id TYPE BIGINT USING id::bigint",
    "ALTER TABLE entries RENAME CONSTRAINT a TO b",
    "ALTER DOMAIN mood RENAME CONSTRAINT a TO b",
    "ALTER INDEX a RENAME TO b",
    "ALTER INDEX IF EXISTS a RENAME TO b",
    "ALTER FUNCTION f(int) OWNER TO shop",
    "ALTER TYPE mood ADD VALUE 'wistful'",
    "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'wistful'",
    "ALTER TYPE pair ADD ATTRIBUTE c TEXT",
    "ALTER TYPE pair ALTER ATTRIBUTE a TYPE TEXT",
    "ALTER DOMAIN amount DROP NOT NULL",
    "ALTER DOMAIN amount DROP CONSTRAINT c",
    "ALTER DOMAIN amount SET DEFAULT 0",
    "ALTER DOMAIN amount ADD CONSTRAINT c CHECK (VALUE > 0)",
    "ALTER FOREIGN TABLE far ADD COLUMN mood TEXT",
    'ALTER TABLE entries ADD COLUMN "x" INT NOT NULL DEFAULT 0',
    'ALTER TABLE entries ADD COLUMN "not null" INT',
    "ALTER TABLE entries ADD COLUMN IF NOT EXISTS n SERIAL NOT NULL",
    "MERGE INTO tags t USING news n ON t.id = n.id WHEN MATCHED THEN UPDATE SET name = n.name",
    "MERGE INTO tags t USING news n ON t.id = n.id WHEN MATCHED THEN DO NOTHING",
    "CREATE UNIQUE INDEX CONCURRENTLY i ON entries (mood)",
    "DROP INDEX CONCURRENTLY i",
    "INSERT INTO tags (name) VALUES ('DROP TABLE users')",
    "INSERT INTO tags (name) VALUES ('it''s; DROP TABLE users')",
    "INSERT INTO tags (name) VALUES (E'it\\'s; DROP TABLE users')",
    "UPDATE entries SET mood = 'calm' WHERE mood IS NULL",
    "COMMENT ON TABLE entries IS 'TRUNCATE it; DELETE FROM it'",
    "CREATE FUNCTION f() RETURNS void AS $x$ DELETE FROM entries; $x$ LANGUAGE sql",
    "CREATE FUNCTION f() RETURNS void AS $x1$ DELETE FROM entries; $x1$ LANGUAGE sql",
    "CREATE FUNCTION f() RETURNS void AS $$ SELECT $1; DELETE FROM entries; $$ LANGUAGE sql",
    'ALTER TABLE "drop table" ADD COLUMN "set not null; drop column x" TEXT',
    "-- DROP TABLE users\nSELECT 1",
    "/* DROP TABLE users; */ SELECT 1",
    "-- once;DROP TABLE users\nSELECT 1",
    "/* once; DROP TABLE users; twice */ SELECT 1",
    "",
]
DESTRUCTIVE = [
    ("DROP TABLE entries", "drops"),
    ("drop  table\n if exists entries", "drops"),
    ("DROP VIEW v", "drops"),
    ("-- tidy up\nDROP TABLE entries", "drops"),
    ("/* tidy up; */ DROP TABLE entries", "drops"),
    ("DROP MATERIALIZED VIEW v", "drops"),
    ("DROP SCHEMA old CASCADE", "drops"),
    ("DROP TYPE mood", "drops"),
    ("DROP FUNCTION f()", "drops"),
    ("DROP EXTENSION pgcrypto", "drops"),
    ("ALTER TABLE entries DROP COLUMN mood", "drops"),
    ("ALTER TABLE entries DROP mood", "drops"),
    ("ALTER TABLE IF EXISTS ONLY public.entries DROP COLUMN IF EXISTS mood", "drops"),
    ('ALTER TABLE "my entries" DROP COLUMN "my mood"', "drops"),
    ("ALTER TABLE entries DROP CONSTRAINT c, DROP COLUMN mood", "drops"),
    ("ALTER TABLE entries ADD CHECK (length(mood) > 1), DROP COLUMN mood", "drops"),
    ("ALTER FOREIGN TABLE far DROP COLUMN mood", "drops"),
    ("ALTER FOREIGN TABLE IF EXISTS far DROP mood", "drops"),
    ("ALTER TYPE pair DROP ATTRIBUTE a", "drops"),
    ("ALTER TYPE pair ADD ATTRIBUTE c TEXT, DROP ATTRIBUTE IF EXISTS a CASCADE", "drops"),
    ("TRUNCATE entries", "deletes"),
    ("DELETE FROM entries", "deletes"),
    ("DELETE FROM entries WHERE id = 1", "deletes"),
    ("WITH old AS (SELECT 1) DELETE FROM entries", "deletes"),
    ("WITH old AS (DELETE FROM entries RETURNING *) INSERT INTO kept SELECT * FROM old", "deletes"),
    (
        "MERGE INTO tags t USING old o ON t.id = o.id WHEN MATCHED AND o.n > 1 THEN DELETE"
        " WHEN NOT MATCHED THEN INSERT VALUES (o.id)",
        "deletes",
    ),
    ("WITH o AS (SELECT 1 AS id) MERGE INTO t USING o ON true WHEN MATCHED THEN DELETE", "deletes"),
    ("ALTER TABLE entries RENAME TO notes", "renames"),
    ("ALTER TABLE entries RENAME COLUMN mood TO state", "renames"),
    ("ALTER TABLE entries RENAME mood TO state", "renames"),
    ("ALTER TYPE mood RENAME VALUE 'calm' TO 'quiet'", "renames"),
    ("ALTER TYPE pair RENAME ATTRIBUTE a TO b", "renames"),
    ('ALTER TABLE entries RENAME "constraint" TO state', "renames"),
    ("ALTER FUNCTION f(int) RENAME TO g", "renames"),
    ("ALTER PROCEDURE f(int) RENAME TO g", "renames"),
    ("ALTER ROUTINE f(int) RENAME TO g", "renames"),
    ("ALTER AGGREGATE f(int) RENAME TO g", "renames"),
    ("ALTER FOREIGN TABLE far RENAME TO further", "renames"),
    ("ALTER COLLATION german RENAME TO deutsch", "renames"),
    ("ALTER TEXT SEARCH CONFIGURATION german RENAME TO deutsch", "renames"),
    ("ALTER ROLE shop RENAME TO store", "renames"),
    ("ALTER TABLE entries SET SCHEMA archive", "moves"),
    ("ALTER FUNCTION f() SET SCHEMA archive", "moves"),
    ("ALTER AGGREGATE f(*) SET SCHEMA archive", "moves"),
    ("ALTER EXTENSION pgcrypto SET SCHEMA archive", "moves"),
    ("ALTER OPERATOR === (int, int) SET SCHEMA archive", "moves"),
    ("ALTER TABLE entries ALTER COLUMN mood SET NOT NULL", "leave it empty"),
    ("ALTER TABLE entries ALTER mood SET NOT NULL", "leave it empty"),
    ("ALTER FOREIGN TABLE far ALTER mood SET NOT NULL", "leave it empty"),
    ("ALTER DOMAIN amount SET NOT NULL", "leave it empty"),
    ("ALTER DOMAIN amount ADD CONSTRAINT c NOT NULL", "leave it empty"),
    ("ALTER TABLE entries ADD CONSTRAINT c NOT NULL mood", "leave it empty"),
    ("ALTER TABLE entries ADD NOT NULL mood", "leave it empty"),
    ("ALTER TABLE entries ALTER COLUMN mood DROP DEFAULT", "rely on it"),
    ("ALTER VIEW v ALTER COLUMN mood DROP DEFAULT", "rely on it"),
    ("ALTER DOMAIN amount DROP DEFAULT", "rely on it"),
    ("ALTER TABLE entries ALTER COLUMN mood TYPE VARCHAR(5)", "narrow"),
    ("ALTER TABLE entries ALTER COLUMN mood SET DATA TYPE INTEGER USING mood::integer", "narrow"),
    ("ALTER TYPE pair ALTER ATTRIBUTE a TYPE VARCHAR(5)", "narrow"),
    ("ALTER TYPE pair ALTER ATTRIBUTE a SET DATA TYPE INTEGER CASCADE", "narrow"),
    ("ALTER TABLE entries ADD COLUMN mood VARCHAR(20) NOT NULL", "leaves it empty"),
    ('ALTER TABLE entries ADD COLUMN "default" INT NOT NULL', "leaves it empty"),
    ('ALTER TABLE entries ADD COLUMN "Generated" INT NOT NULL', "leaves it empty"),
    ("ALTER TABLE entries ADD COLUMN serial INT NOT NULL", "leaves it empty"),
    (
        "ALTER TABLE entries ADD n INT NOT NULL REFERENCES tags ON DELETE SET DEFAULT",
        "leaves it empty",
    ),
    ("ALTER TABLE entries DETACH PARTITION entries_2020", "takes rows away"),
    ("REVOKE SELECT ON entries FROM shop", "takes a permission away"),
    ("DO $$ BEGIN DELETE FROM entries; END $$", "cannot be judged"),
    ("CALL tidy()", "cannot be judged"),
    ("INSERT INTO paths VALUES ('C:\\'); DROP TABLE entries; SELECT ''", "drops"),
    ("SELECT date'2020-01-01'; DROP TABLE entries", "drops"),
    ("SELECT $c1$the user's table$c1$; DROP TABLE users; SELECT 'y'", "drops"),
    ("SELECT $_1$it's$_1$; DROP TABLE users; SELECT $é$it's$é$, 'y'", "drops"),
    # A dollar inside a name begins nothing.
    ("SELECT a$c1$; DROP TABLE users; SELECT b$c1$", "drops"),
    ("SELECT a$$c$; DROP TABLE users; SELECT b$c$", "drops"),
]


@pytest.mark.parametrize("sql", ADDITIVE)
def test_what_the_old_release_survives_is_not_held_up(sql: str) -> None:
    assert destructive(sql) == []


@pytest.mark.parametrize(("sql", "reason"), DESTRUCTIVE)
def test_what_it_does_not_survive_is_named_with_the_reason(sql: str, reason: str) -> None:
    found = destructive(sql)
    assert len(found) == 1
    assert reason in found[0]


@given(st.lists(st.sampled_from(ADDITIVE)), st.sampled_from(DESTRUCTIVE), st.integers(0, 20))
def test_one_among_many_is_found(harmless: list[str], bad: tuple[str, str], place: int) -> None:
    statements = harmless[:place] + [bad[0]] + harmless[place:]
    assert destructive(";\n\n".join(statements) + ";") == destructive(bad[0])


@given(st.text())
def test_any_text_is_judged_without_a_fault(text: str) -> None:
    for told in destructive(text):
        assert "\n" not in told


def test_a_long_statement_is_cut() -> None:
    assert len(destructive("DROP TABLE " + ", ".join(["entries"] * 100))[0]) < 250
