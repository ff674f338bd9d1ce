"""Counters add up over workers and never fall."""

from __future__ import annotations

import importlib
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from innerarchitect.metrics import RequestCounters, render
from tests.support import Browser


def test_counters_of_forked_workers_are_added() -> None:
    counters = RequestCounters(slots=3)
    for slot in (0, 1, 1):  # the third process replaces the second
        child = os.fork()
        if child == 0:
            counters.use_slot(slot)
            counters.add(200)
            counters.add(503)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    assert counters.totals() == {200: 3, 503: 3}


def test_gunicorn_gives_each_living_worker_its_own_slot(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    own_handler = signal.getsignal(signal.SIGTERM)
    conf = importlib.import_module("innerarchitect.gunicorn_conf")
    signal.signal(signal.SIGTERM, own_handler)
    used: list[int] = []
    monkeypatch.setattr(conf, "REQUESTS", SimpleNamespace(use_slot=used.append))
    server = SimpleNamespace(WORKERS={})
    for pid in (1, 2, 3):
        server.WORKERS.pop(1 if pid == 3 else None, None)
        worker = SimpleNamespace()
        conf.pre_fork(server, worker)
        conf.post_fork(server, worker)
        server.WORKERS[pid] = worker
    assert used == [0, 1, 0]  # the third replaces the first


def test_odd_statuses_stay_in_their_slot() -> None:
    counters = RequestCounters(slots=2)
    counters.add(42)
    counters.add(1000)
    assert counters.totals() == {100: 1, 599: 1}


def test_text_format_with_a_version_that_needs_escaping() -> None:
    counters = RequestCounters(slots=1)
    counters.add(200)
    text = render(counters, 'a"b\\c')
    assert 'innerarchitect_info{version="a\\"b\\\\c"} 1\n' in text
    assert 'innerarchitect_requests_total{status="200"} 1\n' in text
    assert text.endswith("\n")


def test_requests_are_counted(app: Flask) -> None:
    browser = Browser(app)

    def count(status: int) -> int:
        prefix = f'innerarchitect_requests_total{{status="{status}"}} '
        lines = browser.get("/api/metrics").text.splitlines()
        return sum(int(line.removeprefix(prefix)) for line in lines if line.startswith(prefix))

    before = count(404)
    browser.get("/nothing-here")
    assert count(404) == before + 1
