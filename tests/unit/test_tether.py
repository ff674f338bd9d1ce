"""Noticing that the controller has gone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from iadeploy.tether import is_cut

WAIT = """
import sys, time
from iadeploy.errors import DeployError
from iadeploy.tether import check_tether
check_tether()
print("listening", flush=True)
sys.stdin.readline()
try:
    check_tether()
except DeployError as error:
    sys.exit(7 if error.cause == "cancelled" else 8)
"""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe's reading and writing end."""
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        try:
            os.close(end)
        except OSError:
            continue


def test_a_pipe_that_somebody_reads_is_whole_also_when_it_is_full(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    assert not is_cut(writing)
    os.set_blocking(writing, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writing, b"x" * 65536)
    assert not is_cut(writing)
    os.close(reading)
    assert is_cut(writing)


def test_a_socket_is_cut_when_the_other_end_has_gone() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        assert not is_cut(ours.fileno())
        theirs.close()
        assert is_cut(ours.fileno())


def test_a_plain_file_is_never_cut() -> None:
    with open(os.devnull, "w", encoding="utf-8") as nothing:
        assert not is_cut(nothing.fileno())


@pytest.mark.parametrize(("reader_leaves", "code"), [(True, 7), (False, 0)])
def test_a_process_notices_that_nobody_reads_its_output(reader_leaves: bool, code: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == b"listening\n"
        if reader_leaves:
            process.stdout.close()
        process.stdin.write(b"\n")
        process.stdin.close()
        assert process.wait(10) == code
