"""What runs beside the web process: which containers, what differs from them, how they are made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from iadeploy.container import Container, Placement
from iadeploy.processes import Change, compare, find_problems, instances, is_elsewhere, mode
from iadeploy.processes import process_request as request
from iadeploy.processes import summary
from iadeploy.spec import Process, Release, Runtime

from tests.unit.builders import DIGEST, OLDER_ID, RELEASE_ID, release

WORKER = Process("worker", ("python", "-m", "shop.worker"), count=2)
SCHEDULER = Process("scheduler", ("python", "-m", "shop.schedule"), per="fleet")
PLAIN = release(runtime=Runtime())
OURS = release(runtime=Runtime(processes=(SCHEDULER, WORKER)))
NEW = f"shop-{RELEASE_ID}"
OLD = f"shop-{OLDER_ID}"


def beside(name: str, state: str = "running", *, kept: bool = True, **changes: Any) -> Container:
    """Return a process's container, ``worker-1`` for one of the release's own."""
    name = name if name.startswith("shop-") else f"{NEW}-{name}"
    process = name.rsplit("-", 2)[1]
    per = "fleet" if process == "scheduler" else "host"
    one = Container(name, state, RELEASE_ID, "", DIGEST, "c0ffee", kept=kept)
    return replace(one, process=process, per=per, **changes)


WORKERS = [beside("worker-1"), beside("worker-2")]
ALL = [beside("scheduler-1"), *WORKERS]


@pytest.mark.parametrize(
    ("one", "first", "names"),
    [
        (PLAIN, True, []),
        (OURS, True, ["scheduler-1", "worker-1", "worker-2"]),
        (OURS, False, ["worker-1", "worker-2"]),
    ],
)
def test_the_fleet_s_one_process_runs_on_the_first_server_only(
    one: Release, first: bool, names: list[str]
) -> None:
    assert list(instances(one, first)) == [f"{NEW}-{name}" for name in names]


# what is there, whether this is the first server, what to stop, what to start
CHANGES: dict[str, tuple[list[Container], bool, list[str], list[str]]] = {
    "all is well": (ALL, True, [], []),
    "nothing is there": ([], False, [], ["worker-1", "worker-2"]),
    "it ran here before": ([beside("scheduler-1"), *WORKERS], False, ["scheduler-1"], []),
    "one has died": ([beside("worker-1"), beside("worker-2", "exited")], False, [], ["worker-2"]),
    "one was being stopped or started": (
        [beside("worker-1"), beside("worker-2", kept=False)],
        False,
        ["worker-2"],
        ["worker-2"],
    ),
    "one crashes again and again": (
        [beside("worker-1"), beside("worker-2", "restarting")],
        False,
        ["worker-2"],
        ["worker-2"],
    ),
    "one is frozen": (
        [beside("worker-1"), beside("worker-2", "paused")],
        False,
        ["worker-2"],
        ["worker-2"],
    ),
    "the old ones have ended": ([*WORKERS, beside(f"{OLD}-worker-1", "exited")], False, [], []),
    "an old one runs": ([*WORKERS, beside(f"{OLD}-worker-1")], False, [f"{OLD}-worker-1"], []),
    "an old one crashes again and again": (
        [*WORKERS, beside(f"{OLD}-worker-1", "restarting")],
        False,
        [f"{OLD}-worker-1"],
        [],
    ),
}


@pytest.mark.parametrize(("there", "first", "stop", "start"), CHANGES.values(), ids=CHANGES)
def test_exactly_the_wanted_processes_are_to_run(
    there: list[Container], first: bool, stop: list[str], start: list[str]
) -> None:
    change = compare(instances(OURS, first), there)
    assert [name.removeprefix(f"{NEW}-") for name in change.stop] == stop
    assert [name.removeprefix(f"{NEW}-") for name in change.start] == start
    assert bool(change) is bool(stop or start)


def test_what_was_compared_and_done_differs_no_more() -> None:
    assert compare(instances(OURS, True), ALL) == Change()


@pytest.mark.parametrize(
    ("wanted", "before", "there", "told"),
    [
        (PLAIN, None, [], "none"),
        (PLAIN, PLAIN, [beside("worker-1", "exited")], "none"),
        (PLAIN, None, WORKERS, "host"),
        (PLAIN, release(runtime=Runtime(processes=(WORKER,))), [], "host"),
        (release(runtime=Runtime(processes=(WORKER,))), PLAIN, [], "host"),
        (OURS, None, [], "fleet"),
        (PLAIN, OURS, [], "fleet"),
        (PLAIN, None, [beside("scheduler-1")], "fleet"),
    ],
)
def test_processes_change_hands_as_the_most_careful_of_them_asks(
    wanted: Release, before: Release | None, there: list[Container], told: str
) -> None:
    assert mode(wanted, before, there) == told


@pytest.mark.parametrize(
    ("one", "name", "first", "elsewhere"),
    [
        (OURS, "scheduler", True, False),
        (OURS, "scheduler", False, True),
        (OURS, "worker", True, True),
        (OURS, "mailer", False, False),
        (None, "scheduler", False, False),
    ],
)
def test_another_server_may_run_what_is_not_the_first_one_s_alone(
    one: Release | None, name: str, first: bool, elsewhere: bool
) -> None:
    assert is_elsewhere(one, name, first) is elsewhere


def made(process: Process, runtime: Runtime | None = None) -> dict[str, Any]:
    one = release(runtime=runtime or Runtime(env={"MODE": "live"}, memory="1g", cpus=2.0))
    placement = Placement("", "iadeploy-processes", "", "/secrets")
    return request(one, process, placement, {}, 30)


def test_a_process_is_made_of_its_release_without_slot_port_and_address() -> None:
    asked = made(WORKER)
    assert asked["Image"] == PLAIN.image
    assert (asked["Cmd"], asked["Env"]) == (["python", "-m", "shop.worker"], ["MODE=live"])
    assert (asked["HostConfig"]["NetworkMode"], asked["NetworkingConfig"]) == (
        "iadeploy-processes",
        {},
    )
    assert asked["HostConfig"]["RestartPolicy"] == {"Name": "no"}
    assert asked["Healthcheck"] == {"Test": ["NONE"]}
    labels = asked["Labels"]
    assert (labels["iadeploy.process"], labels["iadeploy.per"]) == ("worker", "host")
    assert (labels["iadeploy.slot"], labels["iadeploy.release"]) == ("", RELEASE_ID)


def test_a_process_s_configuration_is_its_release_s() -> None:
    runtime = Runtime(processes=(replace(WORKER, memory="64m"),))
    asked = made(runtime.processes[0], runtime)
    assert asked["Labels"]["iadeploy.config"] == runtime.config_hash


@pytest.mark.parametrize(
    ("changes", "limits"),
    [
        ({}, (1 << 30, 2_000_000_000, 30)),
        ({"memory": "64m", "cpus": 0.5, "stop_seconds": 90}, (64 << 20, 500_000_000, 90)),
    ],
    ids=["the application's", "its own"],
)
def test_a_process_has_its_own_limits_or_the_application_s(
    changes: dict[str, Any], limits: tuple[int, int, int]
) -> None:
    asked = made(replace(WORKER, **changes))
    host = asked["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], asked["StopTimeout"]) == limits


PROBLEMS: dict[str, tuple[Release | None, bool, list[Container], list[str]]] = {
    "none": (PLAIN, True, [], []),
    "all is well": (OURS, True, [*ALL, beside(f"{OLD}-worker-1", "exited")], []),
    "no scheduler": (
        OURS,
        True,
        WORKERS,
        [f"process scheduler does not run as it should: {NEW}-scheduler-1 is gone"],
    ),
    "a dead worker": (
        OURS,
        False,
        [beside("worker-1"), beside("worker-2", "exited")],
        [f"process worker does not run as it should: {NEW}-worker-2 is exited"],
    ),
    "a crash loop": (
        OURS,
        False,
        [beside("worker-1"), beside("worker-2", "restarting")],
        [f"process worker does not run as it should: {NEW}-worker-2 keeps restarting"],
    ),
    "one that nobody would start again": (
        OURS,
        False,
        [beside("worker-1"), beside("worker-2", kept=False)],
        [
            f"process worker does not run as it should: {NEW}-worker-2 would not come back"
            " after a crash or a reboot"
        ],
    ),
    "a scheduler on another server": (
        OURS,
        False,
        ALL,
        [f"process scheduler must not run here: {NEW}-scheduler-1 is running"],
    ),
    "an old one": (
        PLAIN,
        False,
        [beside(f"{OLD}-worker-1", "restarting")],
        [f"process worker must not run here: {OLD}-worker-1 is restarting"],
    ),
    "nothing serves": (
        None,
        False,
        [beside("worker-1")],
        [f"process worker must not run here: {NEW}-worker-1 is running"],
    ),
}


@pytest.mark.parametrize(("one", "first", "there", "told"), PROBLEMS.values(), ids=PROBLEMS)
def test_each_problem_with_a_process_is_named_and_nothing_else(
    one: Release | None, first: bool, there: list[Container], told: list[str]
) -> None:
    assert find_problems(one, first, there) == told


def test_reports_count_what_runs_out_of_what_should() -> None:
    there = [beside("worker-1"), beside("worker-2", "restarting"), beside(f"{OLD}-worker-1")]
    rows = summary(OURS, False, there)
    assert [(row["name"], row["wanted"], row["running"]) for row in rows] == [
        ("scheduler", 0, 0),
        ("worker", 2, 1),
    ]
    assert summary(None, True, there) == []
