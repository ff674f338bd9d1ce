"""The log of attempts: readable by few, bounded, and never in a check's way."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from iadeploy.checks.attempt_log import AttemptLog

from tests.unit.check_builders import run


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_attempt_is_one_json_line_that_few_can_read(tmp_path: Path) -> None:
    path = tmp_path / "log" / "health.jsonl"
    closed = {"kind": "tcp", "host": "127.0.0.1", "port": 1, "retries": 1, "delay": 0}
    run({"name": "a", **closed}, log_file=str(path))
    told = lines(path)
    assert [(one["check"], one["attempt"], one["healthy"]) for one in told] == [
        ("a", 1, False),
        ("a", 2, False),
    ]
    assert told[0]["run"] == told[1]["run"]
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_log_is_rotated_and_bounded(tmp_path: Path) -> None:
    path = tmp_path / "health.jsonl"
    log = AttemptLog(str(path), 1000, 2)
    for number in range(200):
        log.write({"number": number})
    files = sorted(one.name for one in tmp_path.iterdir())
    assert files == ["health.jsonl", "health.jsonl.1", "health.jsonl.2"]
    assert all(one.stat().st_size <= 1000 for one in tmp_path.iterdir())
    kept = [lines(tmp_path / name) for name in reversed(files)]
    numbers = [one["number"] for part in kept for one in part]
    assert numbers == list(range(200 - len(numbers), 200))
    assert log.problem == ""


def test_a_log_without_rotated_files_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "health.jsonl"
    log = AttemptLog(str(path), 500, 0)
    for number in range(50):
        log.write({"number": number})
    assert [one.name for one in tmp_path.iterdir()] == ["health.jsonl"]
    assert lines(path)[-1]["number"] == 49 and path.stat().st_size <= 500


def test_several_writers_lose_no_line(tmp_path: Path) -> None:
    path = tmp_path / "health.jsonl"
    logs = [AttemptLog(str(path), 2000, 50) for _ in range(4)]

    def write(log: AttemptLog) -> None:
        for number in range(50):
            log.write({"number": number})

    threads = [threading.Thread(target=write, args=(log,)) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(lines(one)) for one in tmp_path.iterdir()) == 200


def test_a_log_that_cannot_be_written_spoils_no_check(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log = AttemptLog(str(tmp_path / "file" / "health.jsonl"), 1000, 1)
    log.write({})
    assert log.problem.endswith("the checks ran all the same")


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "health.jsonl"
    target.write_text("kept")
    os.symlink(target, path)
    log = AttemptLog(str(path), 1000, 1)
    log.write({"x": 1})
    assert log.problem and target.read_text() == "kept"


def test_what_is_no_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o666)
    path.chmod(0o666)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        log = AttemptLog(str(path), 1000, 1)
        log.write({"x": 1})
        assert "no regular file" in log.problem
        assert path.stat().st_mode & 0o777 == 0o666
    finally:
        os.close(reader)


def test_no_file_is_no_log(tmp_path: Path) -> None:
    log = AttemptLog("", 1000, 1)
    log.write({})
    assert (log.problem, list(tmp_path.iterdir())) == ("", [])
