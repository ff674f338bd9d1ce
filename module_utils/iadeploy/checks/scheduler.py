"""Running checks side by side: bounded threads, retries, one deadline for all."""

from __future__ import annotations

import heapq
import queue
import random
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from .hints import timed_out
from .progress import Progress, in_time, pause
from .result import Result, clean
from .spec import Check
from .verdict import Attempt, Probe, Verdict

# What a kind's own time limit gets before it is overruled; its words say more than ours.
_GRACE = 0.2
# How often a container is looked at while checks that depend on it still wait.
_WATCH = 0.5

Outcome = tuple[Progress, Attempt, Verdict, float]
Listener = Callable[[dict[str, Any]], None]


class Scheduler:
    """Runs checks; the calling thread decides, the others only ask.

    Args:
        probes: kind to the function that makes one attempt.
        deadline: seconds for all checks together.
        concurrency: how many attempts may be under way at a time.
        listener: gets a record of every attempt, in the calling thread.
    """

    def __init__(
        self,
        probes: Mapping[str, Probe],
        deadline: float,
        concurrency: int,
        listener: Listener = lambda record: None,
    ) -> None:
        self._probes = probes
        self._deadline = deadline
        self._concurrency = concurrency
        self._listener = listener
        self._jobs: queue.SimpleQueue[tuple[Progress, Attempt] | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._due: list[tuple[float, int, Progress]] = []
        self._order = 0
        self._all: list[Progress] = []
        self._running: list[Progress] = []
        self._lost = 0  # attempts that were given up and whose thread has not come back
        self._threads = 0

    def run(self, checks: tuple[Check, ...]) -> list[Result]:
        """Run all checks to their end or to the deadline; one result each, in the same order."""
        self._all = [Progress(check) for check in checks]
        now = time.monotonic()
        ends = now + self._deadline
        for progress in self._all:
            self._plan(progress, now)
        while not all(one.settled for one in self._all):
            now = time.monotonic()
            if now >= ends:
                self._give_up(ends)
                break
            self._start_due(now, ends)
            self._take_outcome(self._next_event(ends))
            self._overrule(time.monotonic())
        for _ in range(self._threads):
            self._jobs.put(None)
        for progress in self._running:
            self._drop(progress)
        return [one.result() for one in self._all]

    def _plan(self, progress: Progress, when: float) -> None:
        self._order += 1
        heapq.heappush(self._due, (when, self._order, progress))

    def _has_room(self) -> bool:
        # Threads that hang in a name look-up cannot be stopped; as many again may replace them.
        busy = len(self._running)
        return busy < self._concurrency and busy + self._lost < 2 * self._concurrency

    def _start_due(self, now: float, ends: float) -> None:
        while self._due and self._due[0][0] <= now and self._has_room():
            progress = heapq.heappop(self._due)[2]
            if progress.settled and not self._waiting_for(progress):
                continue
            attempt = Attempt(min(progress.check.timeout, ends - now))
            progress.current = attempt
            self._running.append(progress)
            if len(self._running) + self._lost > self._threads:
                self._threads += 1
                threading.Thread(target=self._work, daemon=True).start()
            self._jobs.put((progress, attempt))

    def _next_event(self, ends: float) -> float:
        moments = [ends]
        if self._due and self._has_room():
            moments.append(self._due[0][0])
        moments += [
            time.monotonic() + one.current.left() + _GRACE for one in self._running if one.current
        ]
        return max(0.0, min(moments) - time.monotonic())

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            progress, attempt = job
            started = time.monotonic()
            try:
                verdict = self._probes[progress.check.kind](progress.check, attempt)
            except Exception as error:  # pylint: disable=broad-exception-caught
                verdict = _fault(error)
            attempt.close()
            self._outcomes.put((progress, attempt, verdict, attempt.took(started)))

    def _take_outcome(self, wait: float) -> None:
        try:
            outcome = self._outcomes.get(timeout=wait)
        except queue.Empty:
            return
        while True:
            progress, attempt, verdict, seconds = outcome
            if progress.current is attempt:
                self._finish(progress, verdict, seconds)
            else:
                self._lost -= 1
            try:
                outcome = self._outcomes.get_nowait()
            except queue.Empty:
                return

    def _finish(self, progress: Progress, verdict: Verdict, seconds: float) -> None:
        progress.current = None
        self._running.remove(progress)
        check = progress.check
        verdict = in_time(check, clean(verdict, check.secrets), seconds)
        if progress.settled:
            self._guard(progress, verdict)
            return
        progress.attempts += 1
        progress.latency, progress.verdict = seconds, verdict
        progress.streak = progress.streak + 1 if verdict.healthy else 0
        progress.failures += 0 if verdict.healthy else 1
        self._listener(progress.record())
        enough = progress.streak >= check.consecutive or progress.failures > check.retries
        if enough or verdict.final:
            self._settle(progress)
        else:
            failures = 0 if verdict.healthy else progress.failures
            # Chance is for spreading load here, not for secrets.
            luck = random.random()  # nosec B311
            self._plan(progress, time.monotonic() + pause(check, failures, luck))

    def _settle(self, progress: Progress) -> None:
        progress.settled = True
        if progress.verdict.final and not progress.verdict.healthy:
            self._end_dependents(progress)
        elif self._waiting_for(progress):
            self._plan(progress, time.monotonic() + _WATCH)

    def _guard(self, progress: Progress, verdict: Verdict) -> None:
        """A container that was fine may still exit while others wait for it."""
        if verdict.final and not verdict.healthy:
            progress.verdict = verdict
            self._listener(progress.record())
            self._end_dependents(progress)
        elif self._waiting_for(progress):
            self._plan(progress, time.monotonic() + _WATCH)

    def _waiting_for(self, progress: Progress) -> list[Progress]:
        name = progress.check.name
        return [one for one in self._all if one.check.depends_on == name and not one.settled]

    def _end_dependents(self, progress: Progress) -> None:
        cause = f"not waited for any more: {progress.check.name}: {progress.verdict.cause}"
        for one in self._waiting_for(progress):
            if one.current is not None:
                self._drop(one)
                self._running.remove(one)
            one.settled = True
            one.verdict = Verdict(False, "ended", cause, progress.verdict.hint)

    def _overrule(self, now: float) -> None:
        """End attempts that are over their time although their kind has not noticed."""
        for progress in list(self._running):
            if progress.current is not None and now >= progress.current.ends + _GRACE:
                self._time_out(progress)

    def _time_out(self, progress: Progress) -> None:
        check, seconds = progress.check, progress.current.seconds if progress.current else 0.0
        self._drop(progress)
        self._finish(progress, timed_out(check.kind, check.place, seconds), seconds)

    def _drop(self, progress: Progress) -> None:
        """Cut an attempt off; its thread ends some time, and its outcome counts no more."""
        if progress.current is not None:
            progress.current.cut()
            progress.current = None
            self._lost += 1

    def _give_up(self, ends: float) -> None:
        # What a kind says of its own time's end says more.
        while self._running and time.monotonic() < ends + _GRACE:
            self._take_outcome(max(0.0, ends + _GRACE - time.monotonic()))
        for progress in list(self._running):
            self._time_out(progress)
        for progress in self._all:
            if not progress.settled:
                progress.give_up(self._deadline)


def _fault(error: Exception) -> Verdict:
    """Say where a check broke; not with which words, they may hold what it was given."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{place.filename.rpartition('/')[2]}, line {place.lineno}"
    cause = f"the check itself failed: {type(error).__name__} in {where}"
    return Verdict(False, "fault", cause, "please report this")
