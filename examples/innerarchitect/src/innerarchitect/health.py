"""Deep health: every dependency is really asked, within a deadline, and nothing leaks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from innerarchitect.schema import read_state

TIMEOUT_SECONDS = 2.0
NOT_CONFIGURED = "not configured"
_log = logging.getLogger("innerarchitect.health")


class CheckFailed(Exception):
    """A dependency is unusable; the message is short and safe to publish."""


Check = Callable[[], None]


class _Attempt:
    """One run of a check in its own thread."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._result = "ok"
        self._finished = threading.Event()
        # A daemon, so a frozen dependency cannot delay the end of the process.
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def running(self) -> bool:
        return not self._finished.is_set()

    def result(self, seconds: float) -> str:
        return self._result if self._finished.wait(seconds) else "error: timeout"

    def _run(self) -> None:
        try:
            self._check()
        except CheckFailed as error:
            self._result = f"error: {error}"
        except Exception as error:
            # Only the type is published and logged: messages may name hosts or hold secrets.
            _log.warning("health check failed: %s", type(error).__name__)
            self._result = "error: check failed"
        finally:
            self._finished.set()


class Probe:
    """Runs a check at most once at a time, however many callers wait for its result."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._lock = threading.Lock()
        self._attempt: _Attempt | None = None

    def start(self) -> _Attempt:
        """Join the attempt under way, or begin one."""
        with self._lock:
            if self._attempt is None or not self._attempt.running:
                self._attempt = _Attempt(self._check)
            return self._attempt


class Health:
    """All dependencies together, asked side by side."""

    def __init__(self, checks: dict[str, Check | None], timeout: float = TIMEOUT_SECONDS) -> None:
        self._probes = {name: Probe(check) if check else None for name, check in checks.items()}
        self._timeout = timeout

    def report(self) -> dict[str, str]:
        """Return `ok`, `not configured` or `error: <reason>` per name within the timeout."""
        deadline = time.monotonic() + self._timeout
        attempts = {name: probe and probe.start() for name, probe in self._probes.items()}
        return {
            name: (
                attempt.result(max(0.0, deadline - time.monotonic())) if attempt else NOT_CONFIGURED
            )
            for name, attempt in attempts.items()
        }


def database_check(engine: Engine) -> Check:
    """Return a check that the database answers and has a schema this code can run on."""

    def check() -> None:
        try:
            state = read_state(engine)
        except OperationalError as error:
            raise CheckFailed("unreachable") from error
        if not state.usable:
            found = state.revision or "empty"
            raise CheckFailed(f"schema is {found}, expected {state.expected}")

    return check


def redis_check(client: Any) -> Check:
    """Return a check that Redis answers PING."""

    def check() -> None:
        from redis.exceptions import RedisError

        try:
            client.ping()
        except RedisError as error:
            raise CheckFailed("unreachable") from error

    return check
