"""What is pending, as the new image's own Alembic tells it: the script that runs in there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from iadeploy import alembic_pending

ROOT = Path(__file__).resolve().parents[2]
# The reference application's environment has the Alembic that its image has.
PYTHON = ROOT / ".venv-application" / "bin" / "python"
MIGRATION = """
import sqlalchemy as sa
from alembic import context, op

revision, down_revision = {revision!r}, {before!r}
branch_labels, depends_on = {label!r}, {needs!r}


def upgrade():
    {body}
"""
ADD = 'op.add_column("entries", sa.Column("mood", sa.String(20)))'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of migrations without an env.py."""
    assert PYTHON.exists(), "run 'make .venv-application/.ready' first"
    (tmp_path / "versions").mkdir()
    return tmp_path


def write(
    folder: Path,
    revision: str,
    before: str | tuple[str, ...] | None,
    body: str,
    label: str | None = None,
    needs: str | None = None,
) -> None:
    text = MIGRATION.format(revision=revision, before=before, body=body, label=label, needs=needs)
    (folder / "versions" / f"{revision}_words.py").write_text(text, encoding="utf-8")


def run(scripts: str, *current: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    source = Path(alembic_pending.__file__).read_text(encoding="utf-8")
    argv = [str(PYTHON), "-c", source, scripts, *current]
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=cwd)


def ask(scripts: str | Path, *current: str, cwd: Path = ROOT) -> dict[str, Any]:
    done = run(str(scripts), *current, cwd=cwd)
    assert done.returncode == 0, done.stderr
    line = next(one for one in done.stdout.splitlines() if one.startswith(alembic_pending.MARKER))
    answer: dict[str, Any] = json.loads(line[len(alembic_pending.MARKER) :])
    return answer


def revisions(answer: dict[str, Any]) -> list[str]:
    return [one["revision"] for one in answer["pending"]]


def test_the_reference_application_tells_its_migrations_in_their_order() -> None:
    source = ROOT / "examples" / "innerarchitect" / "src"
    empty = ask("innerarchitect:migrations", cwd=source)
    assert (empty["heads"], revisions(empty)) == (["0002"], ["0001", "0002"])
    assert "CREATE TABLE sessions" in empty["pending"][1]["sql"]
    assert revisions(ask("innerarchitect:migrations", "0001", cwd=source)) == ["0002"]
    assert revisions(ask("innerarchitect:migrations", "0002", cwd=source)) == []


def test_an_alembic_ini_in_the_working_folder_says_where_they_are(folder: Path) -> None:
    write(folder, "a1", None, ADD)
    (folder / "alembic.ini").write_text(f"[alembic]\nscript_location = {folder}\n")
    assert revisions(ask("", cwd=folder)) == ["a1"]


def test_a_revision_of_a_later_release_is_unknown_here(folder: Path) -> None:
    write(folder, "a1", None, ADD)
    assert ask(folder, "b2")["unknown"] == ["b2"]


def test_branches_and_their_merge_are_followed(folder: Path) -> None:
    write(folder, "a1", None, ADD)
    write(folder, "b1", "a1", ADD)
    write(folder, "b2", "a1", ADD)
    write(folder, "c1", ("b1", "b2"), "pass")
    assert sorted(revisions(ask(folder, "b1"))) == ["b2", "c1"]
    assert revisions(ask(folder, "b1", "b2")) == ["c1"]
    assert revisions(ask(folder, "c1")) == []


@pytest.mark.parametrize("needs", ["users", "u1"])
def test_a_migration_may_depend_on_a_branch_by_its_label(folder: Path, needs: str) -> None:
    write(folder, "u1", None, ADD, label="users")
    write(folder, "o1", None, ADD)
    write(folder, "o2", "o1", ADD, needs=needs)
    assert sorted(revisions(ask(folder))) == ["o1", "o2", "u1"]
    told = ask(folder, "o2")
    assert (revisions(told), told["applied"]) == ([], ["o1", "o2", "u1"])
    # What Alembic's table would hold: u1 is in o2.
    assert told["heads"] == ["o2"]
    write(folder, "u2", "u1", ADD)
    told = ask(folder, "o2", "ghost")
    assert (told["heads"], revisions(told), told["unknown"]) == (["o2", "u2"], ["u2"], ["ghost"])


def test_a_migration_that_reads_rows_cannot_be_told(folder: Path) -> None:
    write(folder, "a1", None, 'op.get_bind().execute(sa.text("SELECT 1")).scalar() + 1')
    write(folder, "b1", "a1", "op.execute('DROP TABLE entries')")
    first, second = ask(folder)["pending"]
    assert first["problem"] and not second["problem"]
    assert "DROP TABLE entries;" in second["sql"]


def test_a_migration_may_ask_whether_it_is_offline(folder: Path) -> None:
    write(folder, "a1", None, f"assert context.is_offline_mode(); {ADD}")
    (told,) = ask(folder)["pending"]
    assert (told["problem"], "ADD COLUMN mood VARCHAR(20)" in told["sql"]) == ("", True)


@pytest.mark.parametrize("body", ["1 +", "pass\n\n1 / 0"])
def test_a_file_that_cannot_be_loaded_is_no_answer(folder: Path, body: str) -> None:
    write(folder, "a1", None, body)
    done = run(str(folder))
    assert done.returncode != 0
    assert alembic_pending.MARKER not in done.stdout
