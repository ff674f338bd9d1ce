"""A long list of checks costs a bounded number of threads and a bounded amount of memory."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.unit.builders import ROOT
from tests.unit.http_peer import HttpPeer, reply

# A process of its own: what counts is the module's, not this test run's.
LOOK = """
import json, resource, sys, threading
sys.path.insert(0, "module_utils")
from iadeploy.checks.kinds import load
from iadeploy.checks.scheduler import Scheduler
from iadeploy.checks.spec import parse_plan

def used():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def ask(count):
    expect = {"body": "the end"}
    checks = [
        {"name": str(at), "kind": "http", "url": sys.argv[1], "timeout": 60, "expect": expect}
        for at in range(count)
    ]
    plan = parse_plan({"checks": checks, "deadline": 240})
    threads = []
    listen = lambda record: threads.append(threading.active_count())
    told = Scheduler(load(["http"]), plan.deadline, plan.concurrency, listen).run(plan.checks)
    return told, max(threads)

ask(1)
before = used()
told, threads = ask(200)
causes = sorted({one.cause for one in told})
print(json.dumps({"causes": causes, "threads": threads, "mib": used() - before}))
"""
MIB = 1 << 20


def test_two_hundred_checks_of_large_pages_use_bounded_threads_and_memory(
    http_peer: HttpPeer,
) -> None:
    http_peer.answer(reply(200, b"x" * 8 * MIB))
    argv = [sys.executable, "-c", LOOK, http_peer.url]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["causes"] == ["the body does not match 'the end' within its first MiB"]
    assert told["threads"] <= 33  # 32 at a time by default, and the one that decides
    # All of it would be 1600 MiB; the heads that are kept would be 200.
    assert told["mib"] < 64, told
