"""``iactl test``: the project's tests with coverage."""

from __future__ import annotations

from . import store
from .run import Command
from .suite import coverage, tests

TEST = Command(
    "test",
    "Tests",
    {tests.NAME: tests.run, coverage.NAME: coverage.run},
    store.TESTS,
    {tests.NAME: (tests.RESULTS,), coverage.NAME: (coverage.XML,)},
    in_turn=True,
)
