"""Request counters that all workers of one server share.

The counters live in anonymous shared memory made before the workers fork. Each worker writes only
its own slot, so no lock crosses a process, and a replaced worker goes on where the last one
stopped: totals never fall while the server runs.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Collection

from innerarchitect.settings import MAX_WORKERS

_FIRST_STATUS, _LAST_STATUS = 100, 599
_STATUSES = _LAST_STATUS - _FIRST_STATUS + 1
_BYTES_PER_COUNTER = 8


class RequestCounters:
    """Counts answers by status code."""

    def __init__(self, slots: int = MAX_WORKERS) -> None:
        size = slots * _STATUSES * _BYTES_PER_COUNTER
        self._cells = memoryview(mmap.mmap(-1, size)).cast("Q")
        self._slots = slots
        self._base = 0
        self._lock = threading.Lock()

    def use_slot(self, slot: int) -> None:
        """Write to this slot from now on; no other living process may use it."""
        self._base = slot % self._slots * _STATUSES

    def add(self, status: int) -> None:
        """Count one answer."""
        known = min(max(status, _FIRST_STATUS), _LAST_STATUS)
        with self._lock:
            self._cells[self._base + known - _FIRST_STATUS] += 1

    def totals(self) -> dict[int, int]:
        """Return the count per status over all workers, without those never seen."""
        sums = (sum(self._cells[offset::_STATUSES]) for offset in range(_STATUSES))
        return {_FIRST_STATUS + offset: count for offset, count in enumerate(sums) if count}


def free_slot(taken: Collection[int]) -> int:
    """Return the lowest slot that is not taken."""
    return next(slot for slot in range(len(taken) + 1) if slot not in taken)


# Made at import, in the process that the workers are forked from.
REQUESTS = RequestCounters()


def render(counters: RequestCounters, version: str) -> str:
    """Return the counters in the Prometheus text format 0.0.4."""
    label = version.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    lines = [
        "# HELP innerarchitect_up Whether the application answers.",
        "# TYPE innerarchitect_up gauge",
        "innerarchitect_up 1",
        "# HELP innerarchitect_info The version that runs.",
        "# TYPE innerarchitect_info gauge",
        f'innerarchitect_info{{version="{label}"}} 1',
        "# HELP innerarchitect_requests_total Answered requests of all workers by status.",
        "# TYPE innerarchitect_requests_total counter",
    ]
    for status, count in counters.totals().items():
        lines.append(f'innerarchitect_requests_total{{status="{status}"}} {count}')
    return "\n".join(lines) + "\n"
