"""One measured action under steady traffic."""

from __future__ import annotations

import json
import os
import urllib.request
from dataclasses import dataclass
from typing import Any

from tests.fleet import Prober

from .commands import BenchError, Command, run_together
from .contenders import Contender
from .home import fresh_home

PATIENCE = 15.0  # seconds that a user waits for an answer
RATE = 150.0  # requests per second, over all servers of the contender's application
_BEFORE, _AFTER = 30, 75  # requests around the action
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Action:
    """What is done and measured.

    Attributes:
        contender: who does it.
        scenario: its name in the tables.
        commands: what is run, side by side.
        version: what every server must serve afterwards.
    """

    contender: Contender
    scenario: str
    commands: list[Command]
    version: str


@dataclass(frozen=True)
class Sample:
    """What one measured action took.

    Attributes:
        servers: how many it was done on.
        number: its round, from 1.
        seconds: wall time of the whole command line.
        cpu_seconds: processor time of the controller, user and system.
        sent: requests that users sent around it.
        lost: how many of them failed.
        unsent: how many the busy machine could not send in time.
        gap: seconds of the longest time without any good answer.
        load: the machine's load average of one minute before it.
        start: seconds of it in which the application started, on the slowest server; 0 where
            nobody told.
    """

    servers: int
    contender: str
    scenario: str
    number: int
    seconds: float
    cpu_seconds: float
    sent: int
    lost: int
    unsent: int
    gap: float
    load: float
    start: float = 0.0


def measure(action: Action, number: int) -> Sample:
    """Do an action while users ask for its application.

    Raises:
        BenchError: it failed, or some server serves another version afterwards.
    """
    urls = action.contender.urls()
    load = os.getloadavg()[0]
    with fresh_home() as home, Prober(urls, rate=RATE, timeout=PATIENCE) as prober:
        prober.wait_sent(_BEFORE)
        run = run_together(home.send(action.commands))
        run.check(f"{action.contender.name} ({action.scenario})")
        prober.wait_sent(prober.report().sent + _AFTER)
    check_served(urls, action.version)
    seen = prober.report()
    return Sample(
        servers=len(urls),
        contender=action.contender.name,
        scenario=action.scenario,
        number=number,
        seconds=run.seconds,
        cpu_seconds=run.cpu_seconds,
        sent=seen.sent,
        lost=seen.failed,
        unsent=seen.unsent,
        gap=seen.longest_gap,
        load=load,
        start=_start(run.outputs[0]),
    )


def _start(output: str) -> float:
    """Return how long the application took to start, from the engine's start to good health."""
    try:
        hosts = json.loads(output)["hosts"].values()
    except (ValueError, KeyError, TypeError):
        return 0.0  # only iactl answers with a report
    told = [timings(host, "prepare") for host in hosts]
    return max((one.get("start", 0.0) + one.get("healthy", 0.0) for one in told), default=0.0)


def timings(host: dict[str, Any], phase: str) -> dict[str, float]:
    """Return what the module itself measured of a phase, from iactl's report on a host."""
    return (host.get(phase) or {}).get("timings") or {}


def check_served(urls: list[str], version: str) -> None:
    """Return when every URL reports the version; BenchError when one does not."""
    for url in urls:
        try:
            with _OPENER.open(url, timeout=10) as answer:
                served = json.load(answer)["version"]
        except (OSError, ValueError) as error:
            raise BenchError(f"{url} does not answer: {error}") from error
        if served != version:
            raise BenchError(f"{url} serves {served} instead of {version}")
