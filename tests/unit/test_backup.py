"""Backups: their files, their refusals, what is counted. PostgreSQL itself is in tests/e2e."""

from __future__ import annotations

import copy
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from iadeploy import database_actions
from iadeploy.backup import backups_folder, find_backup, list_backups, prune
from iadeploy.migrations import Migrated
from iadeploy.postgres import Postgres, check_programs
from iadeploy.programs import run
from iadeploy.recipients import check_recipients
from iadeploy.scratch import check_counts, scratch_name
from iadeploy.snapshot import read_counts
from iadeploy.store import Store

from tests.unit.builders import failure_of, module, release, run_module

CHECKSUM = "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7"  # of b"data"
FIRST, SECOND = "20260301-101500-0002", "20260302-101500-0003"
RECIPIENT = "age1lyr4gztxnuap8dmlcflx6p90uxsl3mt2m85nqzykwpn63kjmrfjsptz45w"


@pytest.fixture(autouse=True)
def unshared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test its own argument spec; AnsibleModule writes defaults into it."""
    code = module("app_database")
    monkeypatch.setattr(code, "DATABASE_OPTIONS", copy.deepcopy(code.DATABASE_OPTIONS))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with two backups, the content of both ``data``."""
    store = Store(str(tmp_path), "shop")
    folder = backups_folder(store)
    folder.mkdir(parents=True)
    for name in (FIRST, SECOND):
        (folder / f"{name}.dump").write_bytes(b"data")
        told = {"name": name, "at": "2026-03-01T10:15:00Z", "sha256": CHECKSUM, "revision": "1"}
        (folder / f"{name}.json").write_text(json.dumps(told), encoding="utf-8")
    return store


def asked(tmp_path: Path, **arguments: Any) -> dict[str, Any]:
    return {"app": "shop", "state_dir": str(tmp_path), **arguments}


def test_backups_are_listed_newest_first_when_they_are_whole(store: Store) -> None:
    folder = backups_folder(store)
    (folder / "20260303-101500-0004.dump").write_bytes(b"never proved")
    (folder / "20260304-101500-0004.json").write_text("{}", encoding="utf-8")
    (folder / "20260305-101500-0004.json").write_text("half", encoding="utf-8")
    assert [one["name"] for one in list_backups(store)] == [SECOND, FIRST]


def test_a_kept_backup_is_found_by_its_name(store: Store) -> None:
    path, told = find_backup(store, FIRST)
    assert (path.read_bytes(), told["revision"]) == (b"data", "1")


@pytest.mark.parametrize("name", ["20260101-101500-0001", "../../etc/passwd", "", "x\n"])
def test_a_name_that_is_none_lists_those_there_are(store: Store, name: str) -> None:
    failure = failure_of(lambda: find_backup(store, name))
    assert failure.cause == "unavailable"
    assert FIRST in failure.next_step


def test_an_encrypted_backup_is_found_under_its_own_ending(store: Store) -> None:
    encrypt_first(store)
    path, told = find_backup(store, FIRST)
    assert (path.name, told["recipients"]) == (f"{FIRST}.dump.age", [RECIPIENT])
    assert [one["name"] for one in list_backups(store)] == [SECOND, FIRST]
    path.rename(path.with_suffix(""))  # a plain one in its place is no backup
    assert [one["name"] for one in list_backups(store)] == [SECOND]


def encrypt_first(store: Store) -> None:
    folder = backups_folder(store)
    (folder / f"{FIRST}.dump").rename(folder / f"{FIRST}.dump.age")
    told = json.loads((folder / f"{FIRST}.json").read_text(encoding="utf-8"))
    told |= {"encrypted": True, "recipients": [RECIPIENT]}
    (folder / f"{FIRST}.json").write_text(json.dumps(told), encoding="utf-8")


def test_a_backup_that_was_changed_is_refused(store: Store) -> None:
    (backups_folder(store) / f"{FIRST}.dump").write_bytes(b"datA")
    failure = failure_of(lambda: find_backup(store, FIRST))
    assert (failure.cause, FIRST in failure.what) == ("refused", True)


@pytest.mark.parametrize(
    ("found", "named"),
    [
        ({"public.a": 1}, "public.b had 2 rows, restored were none"),
        ({"public.a": 1, "public.b": 1}, "public.b had 2 rows, restored were 1"),
        ({"public.a": 1, "public.b": 2, "public.c": 0}, "public.c had no rows, restored were 0"),
    ],
)
def test_a_restored_backup_that_lacks_rows_is_no_proof(found: dict[str, int], named: str) -> None:
    wanted = {"public.a": 1, "public.b": 2}
    check_counts(wanted, dict(wanted))
    assert named in failure_of(lambda: check_counts(wanted, found)).what


def test_rows_are_counted_by_table_whatever_its_name() -> None:
    assert read_counts(["public.entries|12", 'public."a|b"|0']) == {
        "public.entries": 12,
        'public."a|b"': 0,
    }


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql+psycopg://shop:p%40ss@db:6000/journal?sslmode=require",
            {
                "PGHOST": "db",
                "PGPORT": "6000",
                "PGUSER": "shop",
                "PGPASSWORD": "p@ss",
                "PGDATABASE": "journal",
                "PGSSLMODE": "require",
            },
        ),
        ("postgres://shop@db", {"PGHOST": "db", "PGPORT": "5432", "PGDATABASE": "shop"}),
    ],
)
def test_a_url_becomes_the_client_s_environment(url: str, expected: dict[str, str]) -> None:
    environment = Postgres(url).environment()
    assert expected.items() <= environment.items()
    assert "PGSSLROOTCERT" not in environment


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("options=-csearch_path%3Dshop", {"PGOPTIONS": "-csearch_path=shop"}),
        ("target_session_attrs=read-write", {"PGTARGETSESSIONATTRS": "read-write"}),
        ("sslcert=/c&sslkey=/k&sslrootcert=/r", {"PGSSLCERT": "/c", "PGSSLKEY": "/k"}),
        ("sslmode=verify-full&sslrootcert=/r", {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/r"}),
        ("connect_timeout=3&application_name=x", {"PGCONNECT_TIMEOUT": "3", "PGAPPNAME": "x"}),
        ("ssl_min_protocol_version=TLSv1.3", {"PGSSLMINPROTOCOLVERSION": "TLSv1.3"}),
        ("channel_binding=require&gssencmode=disable", {"PGCHANNELBINDING": "require"}),
        ("ssl=true", {"PGSSLMODE": "require"}),
        ("ssl=verify-full&prepared_statement_cache_size=0", {"PGSSLMODE": "verify-full"}),
        ("keepalives_idle=30&client_encoding=utf8", {"PGAPPNAME": "iadeploy"}),
    ],
)
@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg2", "postgresql+asyncpg"])
def test_what_libpq_takes_in_a_url_reaches_its_programs(
    scheme: str, query: str, expected: dict[str, str]
) -> None:
    database = Postgres(f"{scheme}://shop@db/shop?{query}")
    for one in (database, database.named("other")):
        given = one.environment()
        assert expected.items() <= {**given, "PGOPTIONS": first_option(given)}.items()
    assert {"PGCLIENTENCODING", ""}.isdisjoint(given)


def first_option(environment: dict[str, str]) -> str:
    return environment.get("PGOPTIONS", "").split(" ")[0]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("search_path=shop", "options=-csearch_path%3Dshop"),
        ("sslmode=require&schema=hunter2", "'schema'"),
        ("host=elsewhere", "before the '?'"),
        ("%C3%A9=1", "'\\xe9'"),
    ],
)
def test_a_parameter_that_libpq_does_not_take_is_bad_input(query: str, named: str) -> None:
    failure = failure_of(lambda: Postgres(f"postgresql://shop@db/shop?{query}"))
    assert (failure.cause, named in str(failure)) == ("input", True)
    assert "hunter2" not in str(failure)


def test_a_password_that_looks_like_parameters_is_not_shown() -> None:
    failure = failure_of(lambda: Postgres("postgresql://shop:12?hunter=2@db/shop"))
    assert (failure.cause, "hunter" in str(failure)) == ("input", False)


def test_a_scratch_database_is_an_application_s_and_a_server_s_own() -> None:
    def name(app: str, url: str) -> str:
        return scratch_name(app, Postgres(url))

    here = name("shop", "postgresql://shop@db.example/shop")
    assert here.startswith("iadeploy_scratch_") and here.endswith("_shop")
    again = "postgresql+psycopg://owner@DB.example:5432/shop?sslmode=require"
    assert name("shop", again) == here, "a crash's is found whatever else the URL says by now"
    others = [
        name("store", "postgresql://shop@db.example/shop"),
        name("shop", "postgresql://shop@db.staging/shop"),
        name("shop", "postgresql://shop@db.example:5433/shop"),
        name("shop", "postgresql://shop@db.example/" + "%C3%BC" * 40),
        name("shop", "postgresql://shop@db.example/" + "x" * 63),
    ]
    assert len({here, *others}) == 6
    assert max(len(one.encode()) for one in others) == 63


@pytest.mark.parametrize("url", ["mysql://u:secret-pw@h/n", "not a url", "sqlite:///x"])
def test_a_url_of_something_else_is_bad_input_and_not_shown(url: str) -> None:
    failure = failure_of(lambda: Postgres(url))
    assert (failure.cause, url in str(failure)) == ("input", False)


def test_another_database_of_the_server_is_quoted_for_pg_restore() -> None:
    other = Postgres("postgresql://u:p@h/n").named("it's")
    assert (other.name, other.option) == ("it's", "--dbname=dbname='it\\'s'")


def test_what_postgresql_says_is_shown_without_the_password_and_with_a_step() -> None:
    database = Postgres("postgresql://u:hunter2hunter2@h/n")
    said = (
        "NOTICE: hello\npsql: error: FATAL:  password hunter2hunter2 is wrong\n"
        "ERROR: permission denied to create database\n"
    )
    failure = database.failure("make a scratch database", said)
    assert "hunter2" not in str(failure) and "NOTICE" not in str(failure)
    assert "app_backup_scratch_url" in failure.next_step


def test_a_program_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    code = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    begun = time.monotonic()
    failure = failure_of(lambda: run([sys.executable, "-c", code], {}, "", 1.0, "wait for it"))
    assert "did not end within 1 s" in failure.what
    assert time.monotonic() - begun < 10
    assert not Path(f"/proc/{mark.read_text(encoding='utf-8')}").exists()


def test_much_input_and_much_output_do_not_block_each_other() -> None:
    code = "import sys; sys.stdout.write(sys.stdin.read())"
    text = "x" * 300_000
    assert run([sys.executable, "-c", code], {}, text, 30.0, "copy").output == text


def test_a_missing_program_names_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    failure = failure_of(check_programs)
    assert (failure.cause, "iactl bootstrap" in failure.next_step) == ("refused", True)


def test_the_module_lists_without_a_database(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = run_module("app_database", asked(tmp_path, action="list"), capsys)
    assert [one["name"] for one in answer["backups"]] == [SECOND, FIRST]
    assert answer["changed"] is False


@pytest.mark.parametrize(
    ("arguments", "cause", "named"),
    [
        ({"action": "backup"}, "input", "app_database_secret"),
        ({"action": "backup", "app": "../x"}, "input", "app_name"),
        ({"action": "restore", "url": "mysql://u:p@h/n", "name": FIRST}, "input", "PostgreSQL"),
        ({"action": "restore", "url": "postgresql://h/n", "name": "x"}, "unavailable", FIRST),
    ],
)
@pytest.mark.usefixtures("store")
def test_a_refusal_of_the_module_is_one_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: dict[str, Any],
    cause: str,
    named: str,
) -> None:
    answer = run_module("app_database", asked(tmp_path, **arguments), capsys)
    assert (answer["failed"], answer["cause"]) == (True, cause)
    assert named in answer["msg"]


def test_a_restore_waits_for_the_end_of_a_release(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.begin("prepare", "20260301-101500-ab12cd")
    wanted = asked(tmp_path, action="restore", url="postgresql://h/n", name=FIRST)
    answer = run_module("app_database", wanted, capsys)
    assert answer["cause"] == "locked"
    assert "prepare of release 20260301-101500-ab12cd" in answer["msg"]


@pytest.mark.parametrize(("revision", "told"), [("b1+a1", 0), ("a1, b1", 0), ("a1", 1)])
def test_a_restore_of_the_schema_that_serves_has_nothing_to_say(
    store: Store, revision: str, told: int
) -> None:
    serving = release(migration=Migrated("", "a1, b1").to_json())
    store.save(serving)
    store.record("deploy", "live", serving)
    assert len(database_actions._remarks(store, {"revision": revision})) == told


def test_an_older_backup_s_heads_are_told_as_newer_ones_are(store: Store) -> None:
    path = backups_folder(store) / f"{FIRST}.json"
    told = {**json.loads(path.read_text(encoding="utf-8")), "revision": "a1+b1"}
    path.write_text(json.dumps(told), encoding="utf-8")
    assert find_backup(store, FIRST)[1]["revision"] == "a1, b1"


@pytest.mark.parametrize(
    ("identity", "cause", "named"),
    [
        ("", "refused", f"empty. Set it to the secret key of one of its recipients: {RECIPIENT}"),
        ("hunter2-hunter2", "input", "no secret key of age"),
        (RECIPIENT, "input", "no secret key of age"),
        ("# created: today\n", "input", "no secret key of age"),
    ],
)
def test_an_encrypted_backup_wants_its_secret_key_before_anything_is_touched(
    store: Store,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    identity: str,
    cause: str,
    named: str,
) -> None:
    encrypt_first(store)
    wanted = asked(tmp_path, action="restore", url="postgresql://h/n", name=FIRST)
    answer = run_module("app_database", {**wanted, "identity": identity}, capsys)
    assert (answer["cause"], named in answer["msg"]) == (cause, True)
    assert "hunter2" not in json.dumps(answer)
    assert store.history() == []


@pytest.mark.parametrize(
    ("recipient", "named"),
    [
        ("age1short", "'age1short' is no public key of age"),
        ("ssh-ed25519 AAAA", "is no public key of age"),
        (RECIPIENT.upper(), "is no public key of age"),
        ("AGE-SECRET-KEY-1" + "Q" * 58, "app_backup_recipients holds a secret key"),
    ],
)
def test_a_recipient_that_is_none_is_bad_input_and_a_secret_one_is_not_shown(
    recipient: str, named: str
) -> None:
    check_recipients([RECIPIENT])
    failure = failure_of(lambda: check_recipients([RECIPIENT, recipient]))
    assert (failure.cause, named in failure.what) == ("input", True)
    assert "QQQ" not in str(failure)


def test_pruning_forgets_the_oldest_of_both_kinds(store: Store) -> None:
    encrypt_first(store)
    prune(backups_folder(store), 1)
    left = {path.name for path in backups_folder(store).iterdir()}
    assert left == {f"{SECOND}.dump", f"{SECOND}.json"}


def test_pruning_spares_what_is_about_to_be_restored(store: Store) -> None:
    encrypt_first(store)
    before = {path.name for path in backups_folder(store).iterdir()}
    prune(backups_folder(store), 1, spared=FIRST)
    assert {path.name for path in backups_folder(store).iterdir()} == before
