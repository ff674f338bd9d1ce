"""Migrations, backups and restores: the reference application, real PostgreSQL, real traffic.

The tests go on from each other's schema, as releases do.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator

import pytest

from tests.fleet import Fleet
from tests.fleet.waiting import wait_until

from .journal import BACKUPS, Journal, make_journal
from .site import settings_file

pytestmark = pytest.mark.rig
NOTHING_LEFT: dict[str, list[str]] = {"containers": [], "databases": [], "parts": []}
DROPPED = "0005: ALTER TABLE entries DROP COLUMN mood (drops what the old release may use)"


@pytest.fixture(scope="module")
def home(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Journal:
    """The reference application beside the others, 1.0.0 deployed to an empty database."""
    journal = make_journal(fleet, tmp_path_factory.mktemp("journal"))
    said = journal.operator.run("bootstrap")
    assert said.code == 0, said.text
    said = journal.operator.run("deploy", "--image", journal.images("1.0.0"))
    assert said.code == 0, said.text
    assert "The schema went from empty to 0002" in said.text
    journal.encrypt_backups()
    return journal


@pytest.fixture
def journal(home: Journal) -> Iterator[Journal]:
    """The application, with its plain settings again afterwards and nothing left behind."""
    yield home
    settings_file(home.folder).write_text(home.plain_settings, encoding="utf-8")
    assert home.left() == NOTHING_LEFT


def test_an_additive_migration_runs_once_behind_a_proved_backup(journal: Journal) -> None:
    before = journal.backups()
    with journal.traffic() as traffic:
        said = journal.operator.run("deploy", "--image", journal.images("2.0.0", "additive"))
    assert said.code == 0, said.text
    traffic.assert_unharmed({"1.0.0", "2.0.0"})
    assert journal.schema() == "0003"
    assert "The schema went from 0002 to 0003" in said.text
    assert "Migrated from 0002 to 0003." in said.text
    made = journal.backups()[len(before) :]
    assert [(one["revision"], one["tables"], one["encrypted"]) for one in made] == [
        ("0002", 5, True)
    ]
    kept = journal.servers[0].run(["sh", "-c", f"head -c 21 {BACKUPS}/*{made[0]['name']}.dump*"])
    assert kept.stdout == "age-encryption.org/v1"
    modes = journal.servers[0].run(["sh", "-c", f"stat -c %a {BACKUPS} {BACKUPS}/*"]).stdout
    assert modes.split() == ["700", *["600"] * (2 * len(journal.backups()))]
    ran = [[one for one in ledger if one["action"] == "migrate"] for ledger in journal.ledgers()]
    assert [len(entries) for entries in ran] == [4, 0]  # intent and outcome of two migrations
    live = [ledger[-1] for ledger in journal.ledgers()]
    assert {one["migration"]["after"] for one in live} == {"0003"}
    seen = json.dumps([said.report, journal.backups(), journal.ledgers()]) + said.progress
    assert [secret for secret in journal.secrets() if secret in seen] == []


def test_going_back_says_what_it_means_for_the_schema(journal: Journal) -> None:
    before = journal.snapshot()
    said = journal.operator.run("rollback", "--check")
    assert said.code == 0, said.text
    assert "The schema stays at 0003, which 1.0.0 has not seen" in said.text
    assert "additive" in said.text
    assert journal.snapshot() == before


def test_a_migration_that_fails_ran_once_and_no_server_moved(journal: Journal) -> None:
    before = journal.snapshot()
    with journal.traffic() as traffic:
        said = journal.operator.run("deploy", "--image", journal.images("3.0.0", "failing"))
    assert said.code == 4, said.text
    traffic.assert_unharmed({"2.0.0"})
    assert journal.runs() == 1
    assert (journal.schema(), journal.snapshot()) == ("0003", before)
    assert "the migration ended with exit code 1; the schema is still at 0003" in said.text
    assert "division by zero" in said.text
    assert "every server serves 2.0.0 as before" in said.text


def test_a_backup_that_cannot_be_made_or_proved_stops_before_the_schema_changes(
    journal: Journal,
) -> None:
    before, kept = journal.snapshot(), journal.backups()
    journal.configure(app_backup_scratch_url="")  # the application's role may create no database
    said = journal.operator.run("deploy", "--image", journal.images("3.0.0", "failing"))
    assert said.code == 3, said.text
    assert "permission denied to create database" in said.text
    assert "app_backup_scratch_url" in said.text
    assert journal.runs() == 1
    assert (journal.schema(), journal.snapshot(), journal.backups()) == ("0003", before, kept)


def test_one_killed_in_the_middle_is_ended_and_the_next_deploy_goes_on(journal: Journal) -> None:
    first, image = journal.servers[0], journal.images("3.0.0", "sleepy")
    names = ["docker", "ps", "--format", "{{.Names}}"]

    def runs() -> bool:
        return "journal-migrate" in first.run(names).stdout.split()

    process = journal.operator.start("deploy", "--image", image)
    wait_until(runs, "the migration", deadline=60)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    wait_until(lambda: not runs(), "the end of what nobody waits for", deadline=15)
    said = journal.operator.run("deploy", "--image", journal.images("4.0.0", "later"))
    assert said.code == 0, said.text
    assert journal.schema() == "0004"
    assert set(journal.served().values()) == {"4.0.0"}


def test_a_destructive_migration_is_refused_with_its_statements(journal: Journal) -> None:
    before, image = journal.snapshot(), journal.images("5.0.0", "destructive-sick")
    for arguments in (["--check"], []):
        said = journal.operator.run("deploy", "--image", image, *arguments)
        assert said.code == 3, said.text
        assert DROPPED in said.text
        assert "--allow-destructive" in said.text
        assert (journal.schema(), journal.snapshot()) == ("0004", before)


def test_after_an_allowed_one_nothing_goes_back_by_itself(journal: Journal) -> None:
    image = journal.images("5.0.0", "destructive-sick")
    journal.configure(app_bake_seconds=20)
    planned = journal.operator.run("deploy", "--image", image, "--allow-destructive", "--check")
    assert planned.code == 0, planned.text
    assert "The schema would go from 0004 to 0005" in planned.text
    assert "ends all going back by itself" in planned.text
    assert journal.schema() == "0004"
    said = journal.operator.run("deploy", "--image", image, "--allow-destructive")
    assert said.code == 5, said.text
    assert "5.0.0" in said.text and "stays: its migration was destructive" in said.text
    assert {row["version"] for row in journal.status().values()} == {"5.0.0"}
    refused = journal.operator.run("rollback")
    assert refused.code == 3, refused.text
    assert DROPPED in refused.text and "--past-destructive" in refused.text
    asked = journal.operator.run("rollback", "--past-destructive", "--check")
    assert asked.code == 0, asked.text


def test_a_restore_brings_data_and_schema_back(journal: Journal) -> None:
    journal.sql("INSERT INTO users (name, password_hash, created_at) VALUES ('ann', 'x', now())")
    said = journal.operator.run("backup")
    assert said.code == 0, said.text
    name = said.report["data"]["backup"]["name"]
    assert name.endswith("-0005")
    journal.sql("SET ROLE journal; DELETE FROM users; CREATE TABLE later (id int);")
    unsure = journal.operator.run("restore", "--backup", name)
    assert (unsure.code, "was not confirmed" in unsure.text) == (2, True)
    kept = len(journal.backups())
    locked = journal.operator.run("restore", "--backup", name, "--yes")
    assert (locked.code, "app_backup_identity is empty" in locked.text) == (3, True)
    journal.configure(app_backup_identity=journal.new_identity())
    locked = journal.operator.run("restore", "--backup", name, "--yes")
    assert (locked.code, f"does not open backup {name}" in locked.text) == (3, True)
    assert len(journal.backups()) == kept
    journal.configure(app_backup_identity=journal.identity)
    back = journal.operator.run("restore", "--backup", name, "--yes")
    assert back.code == 0, back.text
    seen = json.dumps([back.report, journal.ledgers()]) + back.progress
    assert [secret for secret in journal.secrets() if secret in seen] == []
    assert journal.sql("SELECT name FROM users") == "ann"
    assert journal.sql("SELECT to_regclass('later') IS NULL") == "t"
    older = next(one["name"] for one in journal.backups() if one["revision"] == "0004")
    journal.configure(app_backup_keep=1)  # the fresh backup must not push the asked one out
    back = journal.operator.run("restore", "--backup", older, "--yes")
    assert back.code == 0, back.text
    assert "was made for schema 0005" in back.text
    assert journal.schema() == "0004"
    assert journal.sql("SELECT count(mood) FROM entries") == "0"
    rolled = journal.operator.run("rollback")  # the destructive migration is undone
    assert rolled.code == 0, rolled.text
    assert set(journal.served().values()) == {"4.0.0"}
