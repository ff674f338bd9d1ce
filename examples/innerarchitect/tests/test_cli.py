"""The commands, run as an operator runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import DATABASES, PASSWORD, SECRET_KEY

SOURCE = Path(__file__).parents[1] / "src"


def run(*arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command with these settings only."""
    return subprocess.run(
        [sys.executable, "-m", "innerarchitect", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), **variables},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("command", [["serve"], ["migrate"], ["create-user", "anna"]])
@pytest.mark.parametrize(
    "variables",
    [
        {"DATABASE_URL": "postgresql://u:hush@db/x"},
        {"DATABASE_URL": "postgresql://u:hush@db:port/x", "SECRET_KEY": SECRET_KEY},
    ],
    ids=["missing", "malformed"],
)
def test_bad_settings_are_one_sentence_and_exit_3(
    command: list[str], variables: dict[str, str]
) -> None:
    done = run(*command, **variables)
    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) == 1
    assert "hush" not in done.stderr + done.stdout


def test_bad_redis_url_stops_the_server(tmp_path: Path) -> None:
    done = run("serve", DATA_DIR=str(tmp_path), REDIS_URL="redis://h:port/0")
    assert done.returncode == 3
    assert "REDIS_URL is not a valid Redis URL." in done.stderr
    assert "Traceback" not in done.stderr


def test_migrate_check_tells_pending_from_done(empty_database: str) -> None:
    variables = {"DATABASE_URL": empty_database, "SECRET_KEY": SECRET_KEY}
    pending = run("migrate", "--check", **variables)
    assert (pending.returncode, pending.stderr) == (4, "")
    assert pending.stdout == "Schema is empty, this release needs 0002: 2 pending.\n"
    migrated = run("migrate", **variables)
    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert migrated.stdout == "Migrated from empty to 0002.\nSchema 0002 is up to date.\n"
    assert run("migrate", "--check", **variables).returncode == 0


@pytest.mark.parametrize("empty_database", DATABASES[1:], indirect=True)
def test_several_servers_may_migrate_at_once(empty_database: str) -> None:
    variables = {"DATABASE_URL": empty_database, "SECRET_KEY": SECRET_KEY}
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: run("migrate", **variables), range(4)))
    assert [(done.returncode, done.stderr) for done in runs] == [(0, "")] * 4


def test_migrate_without_a_database_is_one_sentence() -> None:
    url = "postgresql://u:hush@127.0.0.1:1/x"
    done = run("migrate", DATABASE_URL=url, SECRET_KEY=SECRET_KEY)
    assert done.returncode == 1
    assert done.stderr.startswith("The schema cannot be read: ")
    assert "Traceback" not in done.stderr and "hush" not in done.stderr


def test_create_user_reads_the_password_from_standard_input(tmp_path: Path) -> None:
    data = {"DATA_DIR": str(tmp_path)}
    early = run("create-user", "anna", stdin=PASSWORD, **data)
    assert early.returncode == 1 and "is it up and migrated?" in early.stderr
    run("migrate", **data)
    done = run("create-user", "Anna", stdin=f"{PASSWORD}\n", **data)
    assert (done.returncode, done.stdout) == (0, "Created user anna.\n")
    again = run("create-user", "anna", stdin=PASSWORD, **data)
    assert (again.returncode, again.stderr) == (1, "The user anna exists already.\n")


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [("a b", PASSWORD, "A user name is"), ("anna", "short", "A password has 12 to 256")],
)
def test_create_user_refuses(tmp_path: Path, name: str, password: str, words: str) -> None:
    data = {"DATA_DIR": str(tmp_path)}
    run("migrate", **data)
    done = run("create-user", name, stdin=password, **data)
    assert done.returncode == 1
    assert done.stderr.startswith(words)
