"""Rows 2 and 3: a cancelled CI job, and an impatient operator."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from http.client import HTTPConnection

import pytest

from tests.e2e.operator import DEADLINE
from tests.e2e.site import Site
from tests.fleet.waiting import wait_until

from .row import Row
from .waits import pace_of, wait_candidate, wait_idle

pytestmark = pytest.mark.rig

# What a CI service sends, and how many seconds it waits after each.
CANCEL = ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5), (signal.SIGKILL, 5.0))
LONG = 40  # seconds that one request takes


def cancel(process: subprocess.Popen[str], pace: float) -> float:
    """Cancel a command as a CI service does; return the seconds until it had ended."""
    began = time.monotonic()
    for number, patience in CANCEL:
        os.kill(process.pid, number)
        try:
            process.wait(patience * pace)
            break
        except subprocess.TimeoutExpired:
            continue
    return time.monotonic() - began


@pytest.mark.row(2)
@pytest.mark.parametrize("phase", ["prepare", "bake"])
def test_cancelled_as_ci_does_it(row: Callable[..., Row], phase: str) -> None:
    with row() as it:
        before = it.look()
        pace = pace_of(it)
        it.configure(app_health_deadline=60, app_bake_seconds=60)
        if phase == "bake":
            process = it.start_deploy(it.new)
            it.traffic.prober.wait_version(it.new, deadline=90)
        else:
            process = it.start_deploy("3.0.0", "silent")
            wait_candidate(it)
        seconds = cancel(process, pace)
        ended = time.monotonic()
        said = it.finish(process)
        assert said.code == 7, said.text
        it.note = f"after {seconds:.1f} s"
        assert seconds < 10 * pace
        wait_idle(it)
        assert time.monotonic() - ended < 15 * pace
        after = it.look()
        assert {name: one.at_rest for name, one in after.items()} == {
            name: one.at_rest for name, one in before.items()
        }
        assert not any(one.lease["held"] for one in after.values())


@pytest.mark.row(2)
def test_cancelled_with_nobody_left_who_reads_its_output(row: Callable[..., Row]) -> None:
    """As by Ctrl-C behind ``2>&1 | tee log``: the signal ends tee too."""
    with row() as it:
        before = it.look()
        it.configure(app_bake_seconds=60)
        process = it.start_deploy(it.new)
        it.traffic.prober.wait_version(it.new, deadline=90)
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(DEADLINE) == 7
        wait_idle(it)
        after = it.look()
        assert {name: one.at_rest for name, one in after.items()} == {
            name: one.at_rest for name, one in before.items()
        }
        assert not any(one.lease["held"] for one in after.values())


@pytest.mark.row(2)
def test_cancel_does_not_wait_for_a_long_request_and_cuts_none(
    row: Callable[..., Row], site: Site
) -> None:
    with row() as it:
        pace = pace_of(it)
        it.configure(app_bake_seconds=60)
        process = it.start_deploy(it.new)
        first = site.servers[0]
        wait_until(lambda: it.look([first])[first.name].served == it.new, "the switch")
        long = HTTPConnection(first.address, timeout=2 * LONG)
        long.request("GET", f"/slow?{LONG}")
        seconds = cancel(process, pace)
        said = it.finish(process)
        assert said.code == 7, said.text
        it.note = f"after {seconds:.1f} s"
        assert seconds < 10 * pace
        assert not select.select([long.sock], [], [], 0)[0], "it was answered too soon to count"
        assert json.loads(long.getresponse().read()) == {"hello": it.new}


@pytest.mark.row(3)
def test_second_ctrl_c_is_a_hard_stop(row: Callable[..., Row]) -> None:
    with row(status=None) as it:
        pace = pace_of(it)
        it.configure(app_health_deadline=60)
        process = it.start_deploy("3.0.0", "silent")
        wait_candidate(it)
        began = time.monotonic()
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.2)  # an impatient finger, not a condition
        os.kill(process.pid, signal.SIGINT)
        said = it.finish(process)
        seconds = time.monotonic() - began
        it.note = f"after {seconds:.1f} s"
        assert seconds < 10 * pace
        assert said.code == 5, said.text
        assert "iactl status" in said.text and "deploy again" in said.text, said.text
        assert "3.0.0" in said.text, said.text
        wait_idle(it)
