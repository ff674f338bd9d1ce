"""A user who never stops asking, as a process of its own.

`.venv/bin/python -m tests.fleet.prober --rate 50 --for 30 http://…` prints a report at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from . import recording, report
from .errors import COMMAND, RigError
from .recording import Recording
from .traffic import Sample, Settings, Traffic
from .waiting import wait_until

_ROOT = Path(__file__).resolve().parents[2]
_START_DEADLINE = 20.0  # seconds for the process to send its first request


class Prober:
    """Steady traffic over URLs, in another process so that a busy caller does not slow it.

    Requests go round the URLs, `rate` of them per second (open loop), half of them over kept
    connections. `timeout` is seconds per request; after `limit` seconds the prober ends by itself.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        rate: float = 50.0,
        timeout: float = 5.0,
        limit: float = 600.0,
        fresh_share: float = 0.5,
        ca_file: Path | None = None,
    ) -> None:
        trust = str(ca_file.absolute()) if ca_file else None
        self.settings = Settings(list(urls), rate, timeout, limit, fresh_share, trust)
        self.settings.check()
        self._marks: list[tuple[float, str]] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._recording: Recording | None = None

    def __enter__(self) -> Prober:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start, and return once the first answer or failure is in."""
        self._folder = tempfile.TemporaryDirectory(prefix="prober-")
        argv = [sys.executable, "-m", f"{__package__}.prober", "--record", str(self._file)]
        self._process = subprocess.Popen(
            [*argv, json.dumps(asdict(self.settings))],
            stdin=subprocess.PIPE,
            cwd=_ROOT,
            # A Ctrl-C on the terminal is for the caller; the end of its pipe ends the prober.
            start_new_session=True,
        )
        self.wait_sent(1, deadline=_START_DEADLINE + self.settings.timeout)

    def mark(self, label: str) -> None:
        """Begin a new phase of the report now."""
        self._marks.append((time.monotonic(), label))

    def wait_sent(self, count: int, *, deadline: float = 30.0) -> None:
        """Wait until so many requests have ended; RigError when that takes over `deadline` s."""
        self._wait_for(f"probe number {count}", lambda sample: True, count, deadline)

    def wait_successes(self, count: int, *, deadline: float = 30.0) -> None:
        """Wait until so many succeeded; RigError when that takes over `deadline` seconds."""
        self._wait_for(f"success number {count}", lambda sample: sample.ok, count, deadline)

    def wait_version(self, version: str, *, deadline: float = 30.0) -> None:
        """Wait until a version was served; RigError when that takes over `deadline` seconds."""
        self._wait_for(
            f"an answer of version {version}",
            lambda sample: sample.ok and sample.version == version,
            1,
            deadline,
        )

    def _wait_for(
        self, what: str, matches: Callable[[Sample], bool], count: int, deadline: float
    ) -> None:
        def enough() -> bool:
            if self._process is None or self._process.poll() is not None:
                raise RigError("the prober has ended: its messages are on standard error")
            return sum(matches(sample) for sample in self._read().samples) >= count

        wait_until(enough, what, deadline=deadline)

    def wait_end(self) -> None:
        """Wait until it ends by itself, at its limit."""
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """Stop sending and wait for the last answers. May be repeated."""
        if self._process is None or self._folder is None:
            return
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(self.settings.timeout + 10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._recording = self._read()
        self._process = None
        self._folder.cleanup()

    def report(self) -> report.Report:
        """What was seen, up to now while it runs, else in all."""
        return report.make(self._recording or self._read(), self._marks, self.settings.rate)

    @property
    def _file(self) -> Path:
        if self._folder is None:
            raise RigError("the prober was not started")
        return Path(self._folder.name) / "samples"

    def _read(self) -> Recording:
        return recording.read(self._file, self.settings.urls)


async def _generate(settings: Settings, file: Path) -> None:
    """Record traffic until standard input ends, which it does too when the caller dies."""
    with file.open("w", encoding="utf-8", buffering=1) as out:
        traffic = Traffic(settings, out.write)
        loop = asyncio.get_running_loop()

        def stop_at_the_end() -> None:
            if not os.read(0, 64):
                loop.remove_reader(0)
                traffic.stop.set()

        loop.add_reader(0, stop_at_the_end)
        await traffic.run()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns 1 when a request failed."""
    parser = argparse.ArgumentParser(prog=f"{COMMAND}.prober", description=__doc__)
    parser.add_argument("--rate", type=float, default=50.0, help="requests per second")
    parser.add_argument("--for", dest="limit", type=float, default=30.0, help="seconds")
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds per request")
    parser.add_argument("--record", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("urls", nargs="+", metavar="URL")
    given = parser.parse_args(arguments)
    if given.record:
        asyncio.run(_generate(Settings(**json.loads(given.urls[0])), given.record))
        return 0
    with Prober(given.urls, rate=given.rate, timeout=given.timeout, limit=given.limit) as prober:
        try:
            prober.wait_end()
        except KeyboardInterrupt:
            prober.mark("interrupted")
    seen = prober.report()
    print(seen)
    return 1 if seen.failed else 0


if __name__ == "__main__":
    sys.exit(main())
