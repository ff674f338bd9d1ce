"""What really runs on a host, and what is not as it should be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from iadeploy.container import Container
from iadeploy.docker_api import DockerApi
from iadeploy.engine import Engine
from iadeploy.haproxy import Proxy
from iadeploy.host import Host, Settings, View
from iadeploy.inspection import find_problems, inspect_host
from iadeploy.lease import Claim
from iadeploy.spec import Health
from iadeploy.store import Store

from tests.unit.builders import ADDRESSES, OLDER_ID, RELEASE_ID, container, release, view
from tests.unit.haproxy_peer import BACKEND, RecordedHaproxy
from tests.unit.http_peer import HttpPeer, connection_to, reply

INTERRUPTED = {"step": "switch", "release": RELEASE_ID, "at": "2026-03-01T10:15:00Z"}
AT_REST = view(("ready", "maint"), container("blue"), container("green", "exited"))
TABLE: list[tuple[str, View, bool, dict[str, Any] | None, list[str]]] = [
    ("at rest", AT_REST, True, None, []),
    ("nothing deployed", view(("maint", "maint")), False, None, []),
    (
        "stopped behind the proxy",
        view(("ready", "maint"), container("blue", "exited")),
        False,
        None,
        ["the proxy points at slot blue, whose container is exited"],
    ),
    (
        "gone behind the proxy",
        view(("maint", "ready")),
        False,
        None,
        ["the proxy points at slot green, whose container is gone"],
    ),
    (
        "both take traffic",
        view(("ready", "ready"), container("blue"), container("green")),
        True,
        None,
        ["both slots take traffic"],
    ),
    (
        "no record",
        AT_REST,
        False,
        None,
        [f"no record is kept of the serving release {RELEASE_ID}"],
    ),
    (
        "interrupted",
        AT_REST,
        True,
        INTERRUPTED,
        [f"switch of release {RELEASE_ID} was begun at 2026-03-01T10:15:00Z and has not ended"],
    ),
    (
        "restarting",
        view(("ready", "maint"), container("blue"), container("green", "restarting", name="c2")),
        True,
        None,
        ["container c2 keeps restarting"],
    ),
]


@pytest.mark.parametrize(
    ("seen", "recorded", "interrupted", "problems"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_each_problem_is_named_and_nothing_else(
    seen: View, recorded: bool, interrupted: dict[str, Any] | None, problems: list[str]
) -> None:
    assert find_problems(seen, recorded=recorded, interrupted=interrupted) == problems


def test_all_problems_of_a_host_are_named_together() -> None:
    seen = view(("ready", "maint"), container("blue", "restarting", name="c1"))
    assert len(find_problems(seen, recorded=False, interrupted=INTERRUPTED)) == 3


@pytest.mark.parametrize(
    ("states", "there", "serving"),
    [
        (("ready", "maint"), container("blue"), "blue"),
        (("ready", "maint"), container("blue", "exited"), None),
        (("ready", "maint"), container("green"), None),
        (("maint", "maint"), container("blue"), None),
    ],
)
def test_what_serves_is_what_the_proxy_points_at_and_what_runs(
    states: tuple[str, str], there: Container, serving: str | None
) -> None:
    seen = view(states, there)
    assert (seen.serving.slot if seen.serving else None) == serving
    assert (seen.summary()["serving"] or {}).get("slot") == serving
    assert set(seen.summary()["slots"]) == {"blue", "green"}


def has_containers(http_peer: HttpPeer, *running: tuple[str, str]) -> None:
    """Let the engine tell of these running containers, each a slot and a release."""
    rows = [
        {
            "Names": [f"/shop-{release_id}"],
            "State": "running",
            "Created": 1,
            "Labels": {
                "iadeploy.slot": slot,
                "iadeploy.release": release_id,
                "iadeploy.version": "1.4.0",
            },
        }
        for slot, release_id in running
    ]
    http_peer.answer(reply(200, json.dumps(rows).encode(), "Content-Type: application/json"))


@pytest.fixture
def host(tmp_path: Path, recorded_haproxy: RecordedHaproxy, http_peer: HttpPeer) -> Host:
    """A host whose proxy and engine are peers on this machine; blue serves and runs."""
    recorded_haproxy.put("green", "maint")
    has_containers(http_peer, ("blue", RELEASE_ID))
    engine = Engine(api=DockerApi(connection_to(http_peer)))
    proxy = Proxy(BACKEND, str(recorded_haproxy.socket_path), str(tmp_path / "servers.state"))
    store = Store(str(tmp_path), "shop")
    return Host("shop", store, engine, proxy, Settings("iadeploy", ADDRESSES), Health())


def test_a_host_tells_what_serves_what_it_keeps_and_what_was_done(host: Host) -> None:
    for one in (release(id=OLDER_ID), release()):
        host.store.save(one)
        host.store.record("deploy", "live", one)
    told = inspect_host(host, history=1)
    assert (told["serving"]["slot"], told["serving"]["release"]) == ("blue", RELEASE_ID)
    assert told["release"]["id"] == RELEASE_ID
    assert [one["id"] for one in told["releases"]] == [OLDER_ID, RELEASE_ID]
    assert [entry["release"] for entry in told["history"]] == [RELEASE_ID]
    assert (told["interrupted"], told["problems"]) == (None, [])
    assert inspect_host(host, history=0)["history"] == []


def test_a_host_tells_what_was_begun_and_what_it_has_no_record_of(host: Host) -> None:
    host.store.releases_folder.mkdir(parents=True)
    host.store.begin("switch", RELEASE_ID)
    told = inspect_host(host, history=0)
    assert told["interrupted"]["step"] == "switch"
    assert told["release"] is None
    assert len(told["problems"]) == 2


def test_a_begun_step_is_told_whether_its_run_lives_or_not(host: Host) -> None:
    host.store.lease.grant(Claim("run-1", 1, seconds=60))
    host.store.begin("prepare", RELEASE_ID)
    told = inspect_host(host, history=0)
    assert told["lease"]["alive"]
    assert told["interrupted"]["step"] == "prepare"
    assert any(problem.startswith("prepare of release") for problem in told["problems"])


@pytest.mark.parametrize(("before", "candidate"), [("blue", "green"), ("green", "blue")])
def test_while_both_slots_take_requests_the_journal_tells_which_one_serves(
    host: Host,
    recorded_haproxy: RecordedHaproxy,
    http_peer: HttpPeer,
    before: str,
    candidate: str,
) -> None:
    recorded_haproxy.put("green", "ready")
    has_containers(http_peer, (before, OLDER_ID), (candidate, RELEASE_ID))
    host.store.releases_folder.mkdir(parents=True)
    host.store.begin("switch", RELEASE_ID, slot=candidate, before_slot=before)
    seen = host.observe()
    assert seen.serving is not None and seen.serving.release == OLDER_ID
    assert (seen.layout.serving, seen.layout.free) == (before, candidate)
