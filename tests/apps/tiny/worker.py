"""What the tiny application runs beside its web process; it tells in /ticks/log what it does.

work SECONDS  takes one task after the other; SIGTERM lets it finish the one that it is at
hold          has one task, which lasts until there is a file /ticks/go
schedule      ticks; there must never be two of it
crash         exits at once with a message that holds its secret
dies          exits when there is a file /ticks/go
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

LOG, GO = "/ticks/log", "/ticks/go"
ended = threading.Event()


def tell(role: str, event: str) -> None:
    """Append one line: the container, what it is, what it does, and when."""
    line = f"{socket.gethostname()} {role} {event} {time.time():.3f}\n"
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(line)


def work(seconds: float) -> None:
    """Do tasks of so many seconds until told to end."""
    while not ended.is_set():
        tell("work", "task")
        time.sleep(seconds)  # a signal does not cut it short
        tell("work", "done")


def hold() -> None:
    """Do one task until somebody lets go, then wait to be told to end."""
    tell("work", "task")
    while not os.path.exists(GO):
        time.sleep(0.05)
    tell("work", "done")
    ended.wait()


def schedule() -> None:
    """Tick until told to end."""
    tell("schedule", "begin")
    while not ended.wait(0.05):
        tell("schedule", "tick")
    tell("schedule", "end")


def main(role: str, *arguments: str) -> None:
    """Be what the command says."""
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    print(f"{role} starts", flush=True)
    if role == "work":
        work(float(arguments[0]))
    elif role == "hold":
        hold()
    elif role == "schedule":
        schedule()
    elif role == "crash":
        secret = Path(os.environ["TINY_SECRET_FILE"]).read_text(encoding="utf-8")
        sys.exit(f"fatal: cannot reach the queue with password {secret}")
    elif role == "dies":
        while not os.path.exists(GO) and not ended.wait(0.05):
            pass
        sys.exit(3)


if __name__ == "__main__":
    main(*sys.argv[1:])
