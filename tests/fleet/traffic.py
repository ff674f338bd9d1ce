"""Steady traffic: requests leave on time, whether or not the earlier ones have been answered."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from .exchange import Answer, BadAnswer, Connection, NoAnswer, Target

HEALTH_PATH = "/api/health"
# Seconds behind the schedule from which a request counts as not sent. A machine that is shared
# was seen to stand still for 1.3 s; what that held up leaves at once when it goes on.
TOO_LATE = 3.0
LONGEST_IDLE = 10.0  # seconds; HAProxy and most others close a connection after 15 and more


@dataclass(frozen=True)
class Settings:
    """What to send: `rate` per second, `timeout` and `limit` in seconds."""

    urls: list[str]
    rate: float = 50.0
    timeout: float = 5.0
    limit: float = 600.0
    fresh_share: float = 0.5
    ca_file: str | None = None

    def check(self) -> None:
        """ValueError when this cannot be sent."""
        if not self.urls:
            raise ValueError("no URL to probe")
        if not (self.rate > 0 and self.timeout > 0 and self.limit > 0):
            raise ValueError("rate, timeout and limit must be more than 0")
        for url in self.urls:
            Target.parse(url)


@dataclass
class Sample:
    """One request. `at` and `end` are seconds of the machine's monotonic clock."""

    at: float
    end: float
    url: str
    status: int = 0
    version: str | None = None
    error: str | None = None
    retried: bool = False

    @property
    def ok(self) -> bool:
        """Whether a user would have been content."""
        return self.error is None and 200 <= self.status < 400

    def line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":")) + "\n"


@dataclass
class Traffic:
    """The generator. `write` gets one line of JSON per request, and per batch of unsent ones."""

    settings: Settings
    write: Callable[[str], Any]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    _idle: dict[tuple[str, int], list[Connection]] = field(default_factory=dict)
    _flying: set[asyncio.Task[None]] = field(default_factory=set)
    _trust: ssl.SSLContext | None = None

    async def run(self) -> None:
        """Send until stopped or the limit is reached, then wait for the last answers."""
        settings = self.settings
        targets = [Target.parse(url) for url in settings.urls]
        if any(target.tls for target in targets):
            self._trust = ssl.create_default_context(cafile=settings.ca_file)
        begin = time.monotonic()
        self.write(json.dumps({"begin": begin}) + "\n")
        number = 0
        while (due := begin + number / settings.rate) - begin < settings.limit:
            number += await self._pause_until(due)
            if self.stop.is_set():
                break
            # A whole round is fresh or kept, so that every target sees both kinds.
            turn, position = divmod(number, len(targets))
            keep = int((turn + 1) * settings.fresh_share) == int(turn * settings.fresh_share)
            task = asyncio.create_task(self._probe(targets[position], keep=keep))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)
            number += 1
        if self._flying:
            await asyncio.wait(self._flying)
        self.write(json.dumps({"finish": time.monotonic()}) + "\n")
        for connection in [one for pool in self._idle.values() for one in pool]:
            connection.close()

    async def _pause_until(self, due: float) -> int:
        """Wait for the time of the next request; returns how many are too late to be sent."""
        now = time.monotonic()
        if now < due:
            await asyncio.sleep(due - now)
            return 0
        if now - due < TOO_LATE:
            # Give the answers a turn even when requests leave back to back.
            await asyncio.sleep(0)
            return 0
        unsent = int((now - due) * self.settings.rate)
        self.write(json.dumps({"unsent": unsent, "at": now}) + "\n")
        return unsent

    async def _probe(self, target: Target, *, keep: bool) -> None:
        sample = Sample(at=time.monotonic(), end=0.0, url=target.url)
        try:
            async with asyncio.timeout(self.settings.timeout):
                answer = await self._exchange(target, sample, keep=keep)
            sample.status = answer.status
            if target.path.split("?")[0] == HEALTH_PATH:
                sample.version = _version(answer.body)
            if not sample.ok:
                sample.error = f"status {answer.status}: {_excerpt(answer.body)}"
        except TimeoutError:
            sample.error = f"no answer within {self.settings.timeout:g} s"
        except (OSError, BadAnswer) as error:
            sample.error = f"{type(error).__name__}: {error}"
        sample.end = time.monotonic()
        self.write(sample.line())

    async def _exchange(self, target: Target, sample: Sample, *, keep: bool) -> Answer:
        pool = self._idle.setdefault((target.host, target.port), [])
        # The oldest stand first; a proxy closes them on its own when nobody uses them.
        while pool and time.monotonic() - pool[0].used > LONGEST_IDLE:
            pool.pop(0).close()
        if keep and pool:
            try:
                return await self._on(pool.pop(), pool, target, keep=True)
            except NoAnswer:
                # The peer had closed the idle connection: every browser then asks again, on a
                # new one. It is told in the report all the same.
                sample.retried = True
        connection = await Connection.open(target, self._trust)
        return await self._on(connection, pool, target, keep=keep)

    async def _on(
        self, connection: Connection, pool: list[Connection], target: Target, *, keep: bool
    ) -> Answer:
        reusable = False
        try:
            answer = await connection.get(target, keep=keep)
            reusable = answer.reusable
            return answer
        finally:
            if reusable:
                pool.append(connection)
            else:
                connection.close()


def _version(body: bytes) -> str | None:
    try:
        version = json.loads(body)["version"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(version)


def _excerpt(body: bytes) -> str:
    return body[:120].decode("utf-8", "replace").strip()
