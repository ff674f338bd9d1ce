"""Kind ``command``: a program inside the application's container, without a shell."""

from __future__ import annotations

import os
import signal
import socket
from typing import Any

from ..hints import timed_out
from ..pattern import TooSlow, find
from ..spec import Check
from ..verdict import Attempt, Verdict
from .engine import EngineError, connected

_MOST_OUTPUT = 65536
_HEADER = 8  # stream, three zeros, four bytes of length: the engine's API, "attach"
_STDOUT = 1


def probe(check: Check, attempt: Attempt) -> Verdict:
    """Run the program and judge its exit code and its output."""
    target = check.target
    try:
        with connected(target["container"], "command", attempt) as client:
            made = client.exec_create(
                target["container"], target["command"], user=target["user"] or ""
            )
            stream = client.exec_start(made["Id"], socket=True)
            output = _read(getattr(stream, "_sock", stream), attempt)
            attempt.answered()
            told = client.exec_inspect(made["Id"])
            if output is None or told["Running"]:
                _kill(told)
                return timed_out("command", check.place, attempt.seconds)
            return judge(told["ExitCode"], output, check)
    except EngineError as error:
        return error.verdict


def _read(connection: socket.socket, attempt: Attempt) -> bytes | None:
    """Return the head of standard output, or None when the time is over first."""
    received = bytearray()
    try:
        while not attempt.expired:
            connection.settimeout(attempt.left())
            chunk = connection.recv(65536)
            if not chunk:
                return stdout(bytes(received))
            # The rest is read and forgotten, so that the program can end.
            received += chunk[: max(0, 2 * _MOST_OUTPUT - len(received))]
    except TimeoutError:
        pass
    finally:
        connection.close()
    return None


def stdout(received: bytes) -> bytes:
    """Return standard output out of the engine's frames. Pure."""
    output, at = bytearray(), 0
    while at + _HEADER <= len(received):
        length = int.from_bytes(received[at + 4 : at + _HEADER], "big")
        if received[at] == _STDOUT:
            output += received[at + _HEADER : at + _HEADER + length]
        at += _HEADER + length
    return bytes(output[:_MOST_OUTPUT])


def _kill(told: dict[str, Any]) -> None:
    """End a program that hangs; the engine has no call for that, and gives the process's id."""
    if told["Running"] and told.get("Pid"):
        try:
            os.kill(told["Pid"], signal.SIGKILL)
        except OSError:
            pass  # it has ended, or belongs to somebody else


def judge(exit_code: int, output: bytes, check: Check) -> Verdict:
    """Compare exit code and output with what is expected; no output is shown."""
    program, wanted = check.target["command"][0], check.expect["exit_code"]
    status = f"exit {exit_code}"
    if exit_code != wanted:
        known = {126: "it cannot be executed", 127: "there is no such program in the image"}
        cause = f"{program} ended with exit code {exit_code} instead of {wanted}"
        hint = known.get(exit_code, "run it by hand: docker exec CONTAINER …")
        return Verdict(False, status, cause, hint)
    pattern = check.expect["output"]
    try:
        if pattern is None or find(pattern, output.decode("utf-8", "replace")):
            return Verdict(True, status)
    except TooSlow as error:
        return Verdict(False, status, str(error), error.hint)
    cause = f"the output of {program} does not match {pattern.pattern!a}"
    return Verdict(False, status, cause)
