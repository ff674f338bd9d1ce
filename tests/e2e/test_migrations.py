"""Migrations, backups and restores: the reference application, real PostgreSQL, real traffic.

The tests build on each other's schema, as releases do: each says which revision it starts from.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fleet import Fleet

from .conftest import settings_file
from .journal import BACKUPS, Journal, make_journal

pytestmark = pytest.mark.rig
NOTHING_LEFT: dict[str, list[str]] = {"containers": [], "databases": [], "parts": []}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    """Servers of their own, on which 1.0.0 was deployed to an empty database."""
    with Fleet.up(servers=2) as fleet:
        journal = make_journal(fleet, tmp_path_factory.mktemp("journal"))
        said = journal.operator.run("bootstrap")
        assert said.code == 0, said.text
        said = journal.operator.run("deploy", "--image", journal.images("1.0.0"))
        assert said.code == 0, said.text
        assert "The schema went from empty to 0002" in said.text
        yield journal


@pytest.fixture
def journal(home: Journal) -> Iterator[Journal]:
    """The application, with its plain settings again afterwards and nothing left behind."""
    yield home
    settings_file(home.folder).write_text(home.plain_settings, encoding="utf-8")
    assert home.left() == NOTHING_LEFT


def test_an_additive_migration_runs_once_behind_a_proved_backup(journal: Journal) -> None:
    before = len(journal.backups())
    with journal.traffic() as traffic:
        said = journal.operator.run("deploy", "--image", journal.images("2.0.0", "additive"))
    assert said.code == 0, said.text
    traffic.assert_unharmed({"1.0.0", "2.0.0"})
    assert journal.schema() == "0003"
    assert "The schema went from 0002 to 0003" in said.text
    assert "Migrated from 0002 to 0003." in said.text
    made = journal.backups()[before:]
    assert [(one["revision"], one["tables"]) for one in made] == [("0002", 5)]
    modes = journal.servers[0].run(["sh", "-c", f"stat -c %a {BACKUPS} {BACKUPS}/*"]).stdout
    assert modes.split() == ["700", *["600"] * (2 * len(journal.backups()))]
    ran = [[one for one in ledger if one["action"] == "migrate"] for ledger in journal.ledgers()]
    assert [len(entries) for entries in ran[1:]] == [0]
    live = [ledger[-1] for ledger in journal.ledgers()]
    assert {one["migration"]["after"] for one in live} == {"0003"}
