"""Run on a server in Python's place: Python that stops for good at one exact instruction.

Python tells an audit hook of every file it renames and removes and of everything it sends to the
engine (sys.addaudithook, PEP 578), before it does so. So a test can stop a phase of a release
right before or right after one step, with the product as it is.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

PLAN = "/run/stop-at.json"
STOPPED = "/run/stopped-at"


class Stop:
    """The hook.

    Args:
        event: the audit event, such as os.rename.
        holds: a text that an argument of it must hold.
        inside: a text that the file behind its first argument must hold; may be empty.
        when: ``before`` the event, or ``after`` it: at whatever comes next.
    """

    def __init__(self, event: str, holds: str, inside: str, when: str) -> None:
        self._event, self._holds, self._inside, self._when = event, holds, inside, when
        self._seen = self._busy = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._busy:
            return
        self._busy = True
        if self._seen or (self._fits(event, arguments) and self._when == "before"):
            self._stop()
        elif self._fits(event, arguments):
            self._seen = True
        self._busy = False

    def _fits(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event != self._event or not any(self._holds in _text(one) for one in arguments):
            return False
        if not self._inside:
            return True
        with open(arguments[0], encoding="utf-8") as file:
            return self._inside in file.read()

    def _stop(self) -> None:
        os.unlink(PLAN)
        with open(f"{STOPPED}.new", "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
        os.rename(f"{STOPPED}.new", STOPPED)
        os.kill(os.getpid(), signal.SIGSTOP)
        self._seen, self._event = False, ""


def _text(argument: Any) -> str:
    return argument.decode("latin-1") if isinstance(argument, bytes) else str(argument)


def main() -> None:
    """Run ``-I -S -c CODE ARGUMENTS…`` as Python would, with the hook."""
    code, sys.argv = sys.argv[4], ["-c", *sys.argv[5:]]
    with open(PLAN, encoding="utf-8") as file:
        sys.addaudithook(Stop(**json.load(file)))
    exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})  # pylint: disable=exec-used


if __name__ == "__main__":
    main()
