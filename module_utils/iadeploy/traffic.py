"""What a proxy counted of a slot's requests, and whether a release does worse than the one before.

Pure. Columns: HAProxy 2.6 management guide, section 9.1, "show stat".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

# HAProxy's averages are over about this many requests (its TIME_STATS_SAMPLES).
_SAMPLES = 1024
# Seconds after the switch from which on latency counts.
_WARM_UP = 10.0
# A slower answer is no breach while nobody would notice it.
_MIN_SLOWER_MS = 100.0


@dataclass(frozen=True)
class Counters:
    """A slot's counters since HAProxy started, or what they grew by.

    Attributes:
        requests: requests that were sent to the slot.
        errors: of them, answered 5xx, not connected or broken off.
        response_ms: mean time to the first byte of an answer.
    """

    requests: int = 0
    errors: int = 0
    response_ms: float = 0.0

    @classmethod
    def from_row(cls, row: Mapping[str, str]) -> Counters:
        """Read a server's row of ``show stat``."""

        def number(name: str) -> int:
            return int(row.get(name) or 0)

        errors = number("hrsp_5xx") + number("econ") + number("eresp")
        return cls(number("lbtot"), errors, float(number("rtime")))

    @classmethod
    def from_json(cls, value: Any) -> Counters | None:
        """Read what ``to_json`` wrote; None where there is nothing of the kind."""
        if not isinstance(value, dict):
            return None
        return cls(**{one.name: value[one.name] for one in fields(cls) if one.name in value})

    def to_json(self) -> dict[str, Any]:
        """Return them for the journal."""
        return asdict(self)

    def since(self, before: Counters) -> Counters | None:
        """Return what was added since ``before``; None when HAProxy began anew in between."""
        requests = self.requests - before.requests
        if requests < 0 or self.errors < before.errors:
            return None
        return Counters(requests, self.errors - before.errors, _mean_since(before, self, requests))

    @property
    def error_percent(self) -> float:
        """How many of a hundred requests failed."""
        return 100.0 * self.errors / self.requests if self.requests else 0.0


def _mean_since(before: Counters, now: Counters, requests: int) -> float:
    """Take the older requests out of HAProxy's sliding average."""
    if requests == 0:
        return 0.0
    kept: float = (1.0 - 1.0 / _SAMPLES) ** requests
    then = before.response_ms * min(before.requests, _SAMPLES)
    total = now.response_ms * min(now.requests, _SAMPLES)
    return max(0.0, (total - then * kept) / (_SAMPLES * (1.0 - kept)))


@dataclass(frozen=True)
class Limits:
    """From where on a release does too badly.

    Attributes:
        min_requests: with fewer, its traffic is not judged.
        max_error_percent: how many of a hundred requests may fail.
        latency_factor: how many times slower than before it may answer; 0 for any.
    """

    min_requests: int = 20
    max_error_percent: float = 5.0
    latency_factor: float = 3.0

    def after(self, seconds: float) -> Limits:
        """Return the limits for a release that took traffic so many seconds ago.

        A fresh process is slow at first, whatever release it is.
        """
        return self if seconds >= _WARM_UP else replace(self, latency_factor=0.0)


def breach(new: Counters, old: Counters | None, limits: Limits) -> str:
    """Return in which way the new release's traffic is too bad, or an empty string.

    An application that failed as often before is not made better by going back, so the old
    release's share counts where there was enough of its traffic.
    """
    if new.requests < limits.min_requests:
        return ""
    known = old is not None and old.requests >= limits.min_requests
    before = old.error_percent if old is not None and known else 0.0
    if new.error_percent > max(limits.max_error_percent, 2 * before):
        told = f" ({before:.1f} % before)" if known else ""
        return f"{new.errors} of {new.requests} requests failed{told}"
    if old is None or not known or not limits.latency_factor:
        return ""
    slower = new.response_ms - old.response_ms
    if slower > _MIN_SLOWER_MS and new.response_ms > limits.latency_factor * old.response_ms:
        return f"requests took {new.response_ms:.0f} ms instead of {old.response_ms:.0f} ms"
    return ""


def remark(new: Counters, limits: Limits) -> str:
    """Say when there was too little traffic to judge, or return an empty string."""
    if new.requests >= limits.min_requests:
        return ""
    least = limits.min_requests
    return (
        f"not enough traffic in the bake to judge errors and latency (fewer than {least} requests)"
    )
