"""Delivering a message within a budget of time, whatever the other side does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

# Seconds that one attempt may take, and the pause after the first; each further one is doubled.
ATTEMPT = 10.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
# An attempt with less time than this would only replace the reason by "no answer".
_WORTH_TRYING = 0.5


@dataclass(frozen=True)
class Answer:
    """What came of one attempt.

    Attributes:
        sent: whether the other side took the message.
        reason: why not, without a full stop; never an address, a key or an answer's body.
        again: whether another attempt can help.
        wait: seconds that the other side asks for before that, or None.
        receipt: what a later message needs to refer to this one.
    """

    sent: bool
    reason: str = ""
    again: bool = False
    wait: float | None = None
    receipt: dict[str, Any] = field(default_factory=dict)


@dataclass
class Delivery:
    """What came of a channel.

    Attributes:
        channel: its name.
        state: ``sent``, ``failed``, or ``skipped`` when it does not want this kind of event.
        attempts: how many were made.
        seconds: how long all of them took.
        reason: why it failed; empty when it did not.
        receipt: what a later message needs to refer to this one.
    """

    channel: str
    state: str
    attempts: int = 0
    seconds: float = 0.0
    reason: str = ""
    receipt: dict[str, Any] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """Return what results and the activity log show."""
        return {
            "name": self.channel,
            "state": self.state,
            "attempts": self.attempts,
            "seconds": round(self.seconds, 3),
            "reason": self.reason,
        }


Attempt = Callable[[float], Answer]


def within(seconds: float, call: Callable[[], Answer]) -> Answer:
    """Return the call's answer, or one that says that none came.

    A library's timeout counts from one received byte to the next, and looking up a name has none:
    a peer that sends a byte every few seconds would hold a deploy for hours. So the call runs in
    a thread that is left behind when its time is up, and ends with the process.
    """
    answers: list[Answer] = []

    def work() -> None:
        try:
            answers.append(call())
        except Exception as error:  # pylint: disable=broad-exception-caught
            # Its text may hold the address, which for a webhook is the key; its name does not.
            answers.append(Answer(False, f"it could not be sent ({type(error).__name__})"))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if answers:
        return answers[0]
    return Answer(False, f"no answer within {seconds:.0f} s; whether it arrived is not known")


def deliver(
    channel: str,
    attempt: Attempt,
    budget: float,
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Delivery:
    """Try until the message is taken, trying makes no more sense, or the budget is spent.

    A missing answer is not tried again: the message may have arrived, and two are worse than a
    warning. What the other side refused or never got is.

    Args:
        channel: its name.
        attempt: makes one attempt within the seconds given.
        budget: seconds for all attempts and the pauses between them.
        pause: waits.
        clock: tells the time in seconds.
    """
    started = clock()
    attempts, backoff = 0, _FIRST_PAUSE

    def left() -> float:
        return budget - (clock() - started)

    while True:
        attempts += 1
        limit = max(0.05, min(ATTEMPT, left()))
        answer = within(limit, lambda: attempt(limit))  # noqa: B023
        wait = backoff if answer.wait is None else answer.wait
        if answer.sent or not answer.again or wait + _WORTH_TRYING >= left():
            break
        pause(wait)
        backoff = min(2 * backoff, _LONGEST_PAUSE)
    reason = answer.reason
    if answer.again:
        reason += f" (gave up after {attempts} {'attempt' if attempts == 1 else 'attempts'})"
    seconds = clock() - started
    state = "sent" if answer.sent else "failed"
    return Delivery(channel, state, attempts, seconds, reason, answer.receipt)


def judge_status(who: str, status: int, headers: Mapping[str, str]) -> Answer:
    """Return what an HTTP status other than success means.

    Args:
        who: the other side's name for the sentence.
        status: the status.
        headers: the answer's headers; names in any case.
    """
    if status == 429:
        return Answer(False, f"{who} answered 429, too many requests", True, asked_pause(headers))
    if status >= 500:
        return Answer(False, f"{who} answered {status}", True, asked_pause(headers))
    return Answer(False, f"{who} answered {status}{_MEANINGS.get(status, '')}")


_MEANINGS = {
    400: ", the message is not as it should be",
    401: ", the key is not accepted",
    403: ", the key may not do this",
    404: ", there is nothing at this address",
    410: ", this address is no longer in use",
    413: ", the message is too large",
}


def asked_pause(headers: Mapping[str, str], clock: Callable[[], float] = time.time) -> float | None:
    """Return the seconds that an answer asks to wait, or None when it says nothing sensible.

    ``Retry-After`` is seconds or a date (RFC 9110, 10.2.3); SendGrid's ``X-RateLimit-Reset`` is
    a time in seconds since 1970.
    """
    named = {name.lower(): value.strip() for name, value in headers.items()}
    if "retry-after" in named:
        return _seconds(named["retry-after"], clock)
    reset = named.get("x-ratelimit-reset", "")
    if _is_number(reset):
        return max(0.0, int(reset) - clock())
    return None


def _seconds(text: str, clock: Callable[[], float]) -> float | None:
    if _is_number(text):
        return float(int(text))
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - clock())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12
