"""Side by side, bounded, under one deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from iadeploy.checks.progress import pause
from iadeploy.checks.result import Result, headline, summary
from iadeploy.checks.scheduler import Scheduler
from iadeploy.checks.spec import Check
from iadeploy.checks.verdict import Attempt, Verdict

GOOD = Verdict(True, "fine")
BAD = Verdict(False, "bad", "it is bad", "look")
ENDED = Verdict(False, "exited", "container web is exited", "read its log", final=True)


class Script:
    """Answers in order; the last answer stays."""

    def __init__(self, *answers: Verdict | Exception | Callable[[Attempt], Verdict]) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.busy = 0
        self.busiest = 0
        self._lock = threading.Lock()

    def __call__(self, check: Check, attempt: Attempt) -> Verdict:
        with self._lock:
            self.asked += 1
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        try:
            if isinstance(answer, Exception):
                raise answer
            return answer if isinstance(answer, Verdict) else answer(attempt)
        finally:
            with self._lock:
                self.busy -= 1


def named(name: str, kind: str = "http", **options: Any) -> Check:
    return Check(name, kind, **{"delay": 0.0, **options})


def run(
    probe: Any, *checks: Check, deadline: float = 20.0, concurrency: int = 8, **others: Any
) -> list[Result]:
    probes = {"http": probe, **others}
    return Scheduler(probes, deadline, concurrency).run(checks)


def after(seconds: float) -> Callable[[Attempt], Verdict]:
    """Answer after a time, as a peer at work does."""

    def answer(attempt: Attempt) -> Verdict:
        threading.Event().wait(seconds)
        return GOOD

    return answer


def blocked(until: threading.Event) -> Callable[[Attempt], Verdict]:
    """Answer only after an event, whatever the time limit."""

    def answer(attempt: Attempt) -> Verdict:
        until.wait(20)
        return GOOD

    return answer


def test_a_failure_is_tried_again_until_it_is_good() -> None:
    (told,) = run(Script(BAD, BAD, GOOD), named("a", retries=3))
    assert (told.healthy, told.attempts, told.cause) == (True, 3, "")


def test_retries_have_an_end() -> None:
    script = Script(BAD)
    (told,) = run(script, named("a", retries=2))
    assert (told.healthy, told.attempts, script.asked) == (False, 3, 3)
    assert (told.cause, told.hint) == ("it is bad", "look")


def test_good_answers_must_come_in_a_row() -> None:
    (told,) = run(Script(GOOD, BAD, GOOD, GOOD), named("a", retries=1, consecutive=2))
    assert (told.healthy, told.attempts) == (True, 4)


def test_what_cannot_change_is_not_tried_again() -> None:
    script = Script(ENDED)
    assert run(script, named("a", retries=50))[0].attempts == 1


def test_results_come_in_the_order_asked_for() -> None:
    told = run(Script(GOOD), *(named(str(number)) for number in range(30)))
    assert [one.name for one in told] == [str(number) for number in range(30)]


def test_a_fault_of_a_kind_is_a_failed_check_and_tells_no_value() -> None:
    (told,) = run(Script(RuntimeError("password=hunter2")), named("a"))
    assert told.cause.startswith(
        "the check itself failed: RuntimeError in test_checks_scheduler.py"
    )
    assert "hunter2" not in str(told)


def test_no_more_run_at_a_time_than_allowed() -> None:
    script = Script(after(0.005))
    run(script, *(named(str(number)) for number in range(200)), concurrency=7)
    assert script.asked == 200
    assert 2 <= script.busiest <= 7


def test_an_attempt_that_ignores_its_time_is_overruled() -> None:
    until = threading.Event()
    try:
        (told,) = run(Script(blocked(until)), named("a", timeout=0.1, place="db:1"))
        assert told.cause == "no answer within 0.1 s from db:1"
    finally:
        until.set()


def test_attempts_that_hang_for_ever_do_not_stop_the_others() -> None:
    until = threading.Event()
    try:
        hang, fine = Script(blocked(until)), Script(GOOD)
        checks = [named(f"hang {number}", timeout=0.05) for number in range(4)]
        told = run(hang, *checks, named("fine", kind="tcp"), concurrency=3, tcp=fine)
        assert [one.healthy for one in told] == [False] * 4 + [True]
    finally:
        until.set()


def test_however_many_hang_the_threads_are_bounded() -> None:
    until = threading.Event()
    before = threading.active_count()
    try:
        checks = [named(str(number), timeout=0.02) for number in range(200)]
        told = run(Script(blocked(until)), *checks, concurrency=5, deadline=1.5)
        assert threading.active_count() - before <= 10
        assert not any(one.healthy for one in told)
        assert "deadline of 1.5 s" in told[-1].cause
    finally:
        until.set()


def test_the_deadline_ends_all_with_what_was_seen_last() -> None:
    told = run(Script(BAD), named("a", retries=1000, delay=0.01, backoff=1.0), deadline=0.3)
    assert told[0].cause == "it is bad; gave up at the deadline of 0.3 s for all checks"
    assert told[0].hint == "look"


def test_an_attempt_that_the_deadline_cuts_off_was_an_attempt_and_is_recorded() -> None:
    until, records = threading.Event(), list[dict[str, Any]]()
    try:
        asked = (
            named("a", timeout=50, place="db:1"),
            named("b", timeout=50, place="db:2", retries=1),
        )
        script = Script(blocked(until))
        told = Scheduler({"http": script}, 0.3, 2, records.append).run(asked)
    finally:
        until.set()
    assert [one.attempts for one in told] == [1, 1]
    assert told[0].cause == "no answer within 0.3 s from db:1"
    assert told[1].cause.startswith("no answer within 0.3 s from db:2; gave up at the deadline")
    assert sorted(one["check"] for one in records) == ["a", "b"]


def test_what_had_no_turn_before_the_deadline_says_so() -> None:
    until = threading.Event()
    try:
        told = run(Script(blocked(until)), named("a"), named("b"), concurrency=1, deadline=0.3)
    finally:
        until.set()
    assert (told[1].attempts, told[1].cause.startswith("never asked; ")) == (0, True)


def test_an_exited_container_ends_the_wait_of_what_depends_on_it() -> None:
    web = named("web", kind="container")
    waiting = [named(str(number), retries=1000, delay=5, depends_on="web") for number in range(3)]
    started = time.monotonic()
    other = named("other", retries=1, delay=0.0)
    told = run(Script(BAD), web, *waiting, other, container=Script(ENDED), deadline=60)
    assert time.monotonic() - started < 4
    assert told[1].cause == "not waited for any more: web: container web is exited"
    assert told[1].hint == "read its log"
    assert told[4].cause == "it is bad"


def test_a_container_that_exits_later_ends_the_wait_too_even_of_a_hung_attempt() -> None:
    until = threading.Event()
    try:
        web = named("web", kind="container")
        page = named("page", timeout=50, depends_on="web")
        looks = Script(GOOD, GOOD, ENDED)
        told = run(Script(blocked(until)), web, page, container=looks, deadline=60)
        assert [one.healthy for one in told] == [False, False]
        assert told[0].cause == "container web is exited"
        assert "not waited for any more" in told[1].cause
    finally:
        until.set()


def test_a_slow_answer_is_no_good_one() -> None:
    slow = Script(after(0.05))
    (told,) = run(slow, named("a", expect={"max_latency": 0.01}))
    assert not told.healthy
    assert told.cause.startswith("answered after ") and told.cause.endswith(
        "instead of 10 ms at most"
    )


def test_every_attempt_is_recorded() -> None:
    records: list[dict[str, Any]] = []
    probes = {"http": Script(BAD, GOOD)}
    Scheduler(probes, 5, 2, records.append).run((named("a", retries=1),))
    assert [(one["attempt"], one["healthy"], one["cause"]) for one in records] == [
        (1, False, "it is bad"),
        (2, True, ""),
    ]


def test_secrets_and_escapes_are_in_no_cause() -> None:
    said = Verdict(False, "x", "bad \x1b[31mpass hunter22 word\n" + "x" * 500)
    (told,) = run(Script(said), named("a", target={"password": "hunter22"}))
    assert told.cause.startswith("bad pass ******** word ")
    assert len(told.cause) <= 300


@pytest.mark.parametrize(
    ("failures", "luck", "seconds"),
    [
        (0, 0.5, 1),
        (1, 0.5, 1),
        (2, 0.5, 2),
        (4, 0.5, 8),
        (5, 0.5, 10),
        (999, 0.5, 10),
        (1, 0, 0.75),
    ],
)
def test_the_pause_grows_to_its_bound(failures: int, luck: float, seconds: float) -> None:
    one = Check("a", "tcp", delay=1.0, backoff=2.0, max_delay=10.0, jitter=0.25)
    assert pause(one, failures, luck) == seconds


def test_the_summary_names_what_failed() -> None:
    told = run(
        Script(BAD),
        named("a"),
        named("b", severity="warning"),
        named("c", kind="tcp"),
        tcp=Script(GOOD),
    )
    assert headline(told) == "1 of 3 checks passed, 1 failed, 1 warns"
    lines = summary(told)
    assert lines[1].startswith("FAIL a: it is bad (look) (http, ")
    assert lines[2].startswith("warn b: ") and lines[3].startswith("ok   c: fine")
