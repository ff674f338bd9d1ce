"""Waiting until a container deserves traffic."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .container import Container, fate
from .errors import DeployError
from .probe import Answer, Verdict, fetch, judge
from .spec import Health


@dataclass
class Watch:
    """What was seen while waiting."""

    url: str
    attempts: int = 0
    consecutive: int = 0
    seconds: float = 0.0
    last: Verdict = field(default_factory=lambda: Verdict(False, "not asked yet"))
    status: int = 0

    def evidence(self) -> dict[str, Any]:
        """Return what the report shows of it."""
        return {
            "url": self.url,
            "attempts": self.attempts,
            "consecutive": self.consecutive,
            "seconds": round(self.seconds, 3),
            "status": self.status,
            "cause": self.last.cause,
            "hint": self.last.hint,
            "note": self.last.note,
        }


def wait_healthy(
    url: str,
    health: Health,
    look: Callable[[], Container | None],
    ask: Callable[..., Answer] = fetch,
    may_go_on: Callable[[], None] = lambda: None,
) -> Watch:
    """Wait until ``health.consecutive`` answers in a row are good.

    One good answer is not health: an application may answer once and die. A container that has
    exited or restarted ends the wait at once; there is nothing to wait for.

    Args:
        url: the health endpoint at the container's own address.
        look: returns the container as the engine sees it now.
        ask: sends one request.
        may_go_on: asked before each attempt; raises when there is no more reason to wait.

    Raises:
        DeployError: the container died, or the deadline passed.
    """
    watch = Watch(url)
    started = time.monotonic()
    while True:
        may_go_on()
        _check_alive(look(), watch)
        answer = ask(url, timeout=health.timeout, host=health.host)
        watch.attempts += 1
        watch.status = answer.status
        watch.last = judge(answer, health)
        watch.seconds = time.monotonic() - started
        watch.consecutive = watch.consecutive + 1 if watch.last.healthy else 0
        if watch.consecutive >= health.consecutive:
            _check_alive(look(), watch)
            return watch
        if watch.seconds + health.interval > health.deadline:
            _check_alive(look(), watch)  # that it died says more than that it does not answer
            raise DeployError(
                f"GET {url}: {watch.last.cause or 'not healthy long enough'}"
                f" (gave up after {watch.seconds:.0f} s and {watch.attempts} attempts)",
                watch.last.hint,
                cause="unhealthy",
                evidence=watch.evidence(),
            )
        time.sleep(health.interval)


def _check_alive(container: Container | None, watch: Watch) -> None:
    what = fate(container)
    if not what:
        return
    raise DeployError(
        f"the container {what}; GET {watch.url}: {watch.last.cause}",
        "Read the container's last log lines",
        cause="unhealthy",
        evidence=watch.evidence(),
    )
