"""The files of releases on a host: whole after a crash, and secret where they must be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from iadeploy.errors import DeployError
from iadeploy.files import write_atomically
from iadeploy.store import Store

from tests.unit.builders import OLDER_ID, RELEASE_ID, SECRET, failure_of, release

HOLD = """
import sys
from iadeploy.store import Store
with Store(sys.argv[1], "shop").exclusive():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    one = Store(str(tmp_path), "shop")
    one.releases_folder.mkdir(parents=True)
    return one


@pytest.fixture
def holder(store: Store) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the application on this host."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store.folder.parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_write_replaces_the_whole_file_with_the_mode_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old and longer than the new one")
    path.chmod(0o666)
    write_atomically(path, "new\n", mode=0o640)
    assert (path.read_text(), mode(path)) == ("new\n", 0o640)
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("dies_in", ["replace", "fsync", "fchmod"])
def test_a_write_that_dies_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    def die(*arguments: Any) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "file"
    path.write_text("old")
    monkeypatch.setattr(os, dies_in, die)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_is_never_readable_by_others_while_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    replace = os.replace

    def look(source: str, target: Path) -> None:
        seen.append(mode(Path(source)))
        replace(source, target)

    monkeypatch.setattr(os, "replace", look)
    previous = os.umask(0)
    try:
        write_atomically(tmp_path / "secret", SECRET, mode=0o400)
    finally:
        os.umask(previous)
    assert seen == [0o400]


def test_a_write_without_room_is_told_in_a_sentence(tmp_path: Path) -> None:
    error = failure_of(lambda: write_atomically(tmp_path / "absent" / "file", "new"))
    assert "absent/file cannot be written (No such file or directory)" in error.what
    assert error.next_step


def test_a_server_without_the_state_directory_is_refused(tmp_path: Path) -> None:
    error = failure_of(lambda: Store(str(tmp_path / "absent"), "shop"))
    assert (error.cause, "iactl bootstrap" in error.next_step) == ("refused", True)


def test_a_release_comes_back_as_it_was_saved(store: Store) -> None:
    store.save(release(actor="ops"))
    assert store.load(RELEASE_ID) == release(actor="ops")
    assert mode(store.release_folder(RELEASE_ID) / "release.json") == 0o600


def test_releases_come_oldest_first_and_half_made_ones_not_at_all(store: Store) -> None:
    store.save(release())
    store.save(release(id=OLDER_ID))
    store.release_folder("20260301-120000-dead00").mkdir()
    (store.releases_folder / "notes.txt").write_text("x")
    assert [one.id for one in store.releases()] == [OLDER_ID, RELEASE_ID]


def test_a_host_without_releases_has_none(tmp_path: Path) -> None:
    fresh = Store(str(tmp_path), "shop")
    assert (fresh.releases(), fresh.history(), fresh.journal()) == ([], [], {})
    assert fresh.load(RELEASE_ID) is None
    assert fresh.load_secrets(RELEASE_ID) == {}


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"schema": 9}', "\x00" * 9])
def test_a_damaged_record_is_told_with_its_path(store: Store, damage: str) -> None:
    store.save(release())
    path = store.release_folder(RELEASE_ID) / "release.json"
    path.write_text(damage)
    error = failure_of(lambda: store.load(RELEASE_ID))
    assert str(path) in error.what and error.next_step


VALUES = {
    "DATABASE_URL": SECRET,
    "TLS_KEY": "-----BEGIN-----\r\nabc\r\n-----END-----\r\n",
    "UNICODE": "pässwörd–漢字",
    "SPACES": "  two spaces and a tab\t",
}


def test_secrets_come_back_byte_for_byte(store: Store) -> None:
    store.save_secrets(RELEASE_ID, VALUES)
    assert store.load_secrets(RELEASE_ID) == VALUES
    key = store.secrets_folder(RELEASE_ID) / "TLS_KEY"
    assert key.read_bytes() == VALUES["TLS_KEY"].encode()


def test_secret_files_are_readable_by_their_owner_only(store: Store) -> None:
    previous = os.umask(0)
    try:
        store.save_secrets(RELEASE_ID, VALUES)
    finally:
        os.umask(previous)
    folder = store.secrets_folder(RELEASE_ID)
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.iterdir()} == {0o400}


def test_secrets_are_handed_to_the_application_s_user_and_to_nobody_else(store: Store) -> None:
    store.save_secrets(RELEASE_ID, VALUES)
    uid = 4711 if os.getuid() == 0 else os.getuid()
    gid = 4711 if os.getuid() == 0 else os.getgid()
    store.own_secrets(RELEASE_ID, uid, gid)
    folder = store.secrets_folder(RELEASE_ID)
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in (folder, *folder.iterdir())}
    assert owners == {(uid, gid)}
    assert mode(folder) == 0o500
    assert {mode(path) for path in folder.iterdir()} == {0o400}


def test_forgetting_a_release_removes_its_secrets_and_twice_is_no_error(store: Store) -> None:
    store.save_secrets(RELEASE_ID, VALUES)
    store.save(release())
    store.forget(RELEASE_ID)
    store.forget(RELEASE_ID)
    assert not store.release_folder(RELEASE_ID).exists()


def test_the_journal_tells_what_was_begun_until_it_ended(store: Store) -> None:
    store.begin("switch", RELEASE_ID, slot="green", before=OLDER_ID)
    entry = store.journal()
    assert (entry["step"], entry["release"], entry["slot"]) == ("switch", RELEASE_ID, "green")
    assert entry["at"].endswith("Z")
    assert mode(store.journal_file) == 0o600
    store.end()
    store.end()
    assert store.journal() == {}


def test_which_processes_were_told_to_end_stays_known_until_the_release_has_ended(
    store: Store,
) -> None:
    store.begin("handover", RELEASE_ID, ending={"shop-1-worker-1": "today"})
    store.begin("prepare", OLDER_ID, slot="green")
    entry = store.journal()
    assert (entry["ending"], entry["slot"]) == ({"shop-1-worker-1": "today"}, "green")
    store.end()
    store.begin("prepare", OLDER_ID)
    assert "ending" not in store.journal()


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", "3"])
def test_a_damaged_journal_reads_as_none(store: Store, damage: str) -> None:
    store.journal_file.write_text(damage)
    assert store.journal() == {}


def test_the_history_keeps_every_entry_in_order(store: Store) -> None:
    store.record("deploy", "live", release(), actor="ops")
    store.record("rollback", "failed", release(), reason="cancelled\n\u2028é")
    told = [(entry["action"], entry["outcome"], entry["release"]) for entry in store.history()]
    assert told == [("deploy", "live", RELEASE_ID), ("rollback", "failed", RELEASE_ID)]
    assert store.history()[1]["reason"] == "cancelled\n\u2028é"
    assert mode(store.ledger_file) == 0o600


@pytest.mark.parametrize(
    "torn", [b'{"action": "dep', b"\x00\x00\x00", b"\xff\xfe{", b"3\n", b"[]\n", b"\n"]
)
def test_a_torn_line_costs_no_entry_before_or_after_it(store: Store, torn: bytes) -> None:
    store.record("deploy", "live", release())
    with store.ledger_file.open("ab") as stream:
        stream.write(torn)
    store.record("rollback", "live", release())
    assert [entry["action"] for entry in store.history()] == ["deploy", "rollback"]


def test_a_whole_history_is_one_line_an_entry(store: Store) -> None:
    for _ in range(3):
        store.record("deploy", "live", release())
    lines = store.ledger_file.read_text().splitlines()
    assert len(lines) == 3 and all(json.loads(line)["digest"] for line in lines)


def test_a_second_process_is_refused_while_the_first_holds_the_application(
    store: Store, holder: subprocess.Popen[str]
) -> None:
    def enter() -> None:
        with store.exclusive(wait=0):
            pass

    error = failure_of(enter)
    assert (error.cause, "'shop'" in error.what) == ("locked", True)
    assert holder.poll() is None


def test_a_second_process_waits_for_the_first_to_end(
    store: Store, holder: subprocess.Popen[str]
) -> None:
    assert holder.stdin is not None
    ending = threading.Timer(0.1, holder.stdin.close)
    ending.start()
    with store.exclusive(wait=10):
        assert holder.wait(5) == 0
    ending.join()


def test_another_application_of_the_same_server_is_not_held_up(
    store: Store, holder: subprocess.Popen[str]
) -> None:
    with Store(str(store.folder.parent), "blog").exclusive(wait=0):
        assert holder.poll() is None


def test_the_kernel_lets_go_when_the_holder_is_killed(
    store: Store, holder: subprocess.Popen[str]
) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with store.exclusive():
        assert holder.returncode == -signal.SIGKILL


def test_the_hold_ends_with_an_error_inside_it(store: Store) -> None:
    with pytest.raises(DeployError), store.exclusive():
        raise DeployError("it failed")
    with store.exclusive():
        assert store.releases_folder.is_dir()


def test_what_was_begun_is_in_the_ledger_once_and_ends_in_one_outcome(store: Store) -> None:
    for _ in range(2):
        store.intend("deploy", release(), "ops")
    store.record("deploy", "live", release(), actor="ops")
    assert [one["kind"] for one in store.ledger().entries] == ["intent", "outcome"]
    assert [one["outcome"] for one in store.history()] == ["live"]


def test_what_has_no_outcome_was_interrupted_or_is_not_ended(store: Store) -> None:
    store.intend("deploy", release(id=OLDER_ID), "ops")
    assert [one["outcome"] for one in store.history()] == ["unfinished"]
    store.intend("deploy", release(), "ops")
    store.record("deploy", "live", release())
    assert [(one["release"], one["outcome"]) for one in store.history()] == [
        (OLDER_ID, "interrupted"),
        (RELEASE_ID, "live"),
    ]


def test_a_release_that_was_never_kept_has_its_outcome_too(store: Store) -> None:
    store.record_unkept("deploy", "failed", RELEASE_ID)
    assert store.ledger().entries == []  # it never began here
    store.intend("deploy", release(), "ops")
    store.record_unkept("deploy", "failed", RELEASE_ID, reason="no image")
    told = store.history()[0]
    assert (told["outcome"], told["version"], told["reason"]) == (
        "failed",
        release().label,
        "no image",
    )
