"""What the demo takes for success, and whose rig it removes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples.demo import __main__ as demo
from examples.demo.judge import Status, check
from examples.demo.steps import DemoError
from examples.demo.takedown import RIG, make_room
from tests.fleet import recording, report
from tests.fleet.errors import RigError
from tests.fleet.home import home
from tests.fleet.owner import Owner
from tests.fleet.report import Report
from tests.fleet.state import State
from tests.fleet.traffic import Sample
from tests.unit.docker_peer import DockerPeer

SERVERS = ("web1", "web2")
ROWS = {name: {"version": "1.0.0"} for name in SERVERS}
WELL = Status(ROWS)


def seen(rate: int = 60, *, unsent: int = 0, version: str = "1.0.0", status: int = 200) -> Report:
    """Return what users saw in ten seconds."""
    times = [number / rate for number in range(10 * rate)]
    samples = [Sample(at, at, "http://web1/", status, version) for at in times]
    for sample in samples:
        sample.error = None if status == 200 else "refused"
    gaps = [(1.0, unsent)] if unsent else []
    made = recording.Recording(["http://web1/"], 0.0, 10.0, samples, gaps)
    return report.make(made, [], 60.0)


def rig(owner: str) -> Path:
    """Write the state of this checkout's demo, which has not come up completely."""
    folder = home() / RIG
    folder.mkdir()
    State(RIG, owner, "ready", "10.211.1.0/24").save(folder)
    return folder


def test_demo_that_kept_its_promise_ends_well() -> None:
    check(seen(), WELL, SERVERS)


@pytest.mark.parametrize(
    ("what", "status", "why"),
    [
        (
            seen(status=503),
            WELL,
            "^600 of 600 requests failed, .* 0.0 s .* http://web1/: refused; see",
        ),
        (seen(version="3.0.0"), WELL, "the broken version 3.0.0 answered"),
        (seen(40), WELL, "only 40 requests per second were sent, 0 never"),
        (seen(unsent=7), WELL, "only 60 requests per second were sent, 7 never"),
        (seen(), Status.read(0, "{}", ""), "without a report"),
        (seen(), Status.read(1, "", "internal\nerror"), "ended with 1 and .*: internal error$"),
        (seen(), Status.read(0, "no JSON", ""), "without a report: no JSON"),
        (seen(), Status.read(0, '{"hosts": {}}', ""), "web1, web2 does not serve 1.0.0"),
        (
            seen(),
            Status.read(5, json.dumps({"hosts": ROWS, "message": "It is mixed."}), ""),
            "'iactl status' ended with 5: It is mixed.",
        ),
        (seen(), Status({"web1": ROWS["web1"]}), "^web2 does not serve 1.0.0"),
    ],
)
def test_demo_that_did_not_says_why(what: Report, status: Status, why: str) -> None:
    with pytest.raises(DemoError, match=why):
        check(what, status, SERVERS)


def test_half_built_rig_of_a_demo_that_was_killed_makes_room(docker: DockerPeer) -> None:
    folder = rig("1:1:another-boot:1")
    said: list[str] = []
    make_room(said.append)
    assert not folder.exists()
    assert said == [f"removed {RIG}: 0 containers, 0 volumes, 0 networks"]


def test_rig_of_a_demo_that_runs_is_not_taken_away(docker: DockerPeer) -> None:
    folder = rig(str(Owner.current()))
    with pytest.raises(RigError, match="wait for it, or run 'make demo-down'"):
        make_room(print)
    assert folder.exists()


def test_demo_down_takes_this_checkout_s_demo_and_its_images_only(
    docker: DockerPeer, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = rig(str(Owner.current()))
    other = home() / "demo-another"
    folder.rename(other)
    folder = rig(str(Owner.current()))
    tag, others = f"iadeploy-demo/{RIG}:1.0.0", "iadeploy-demo/demo-another:1.0.0"
    docker.answers["GET /images/json"] = [{"RepoTags": [others, tag]}]
    docker.answers |= {f"DELETE /images/{tag}": [], f"DELETE /images/{others}": []}
    assert demo.main(["down"]) == 0
    assert capfd.readouterr().out == (
        f"removed {RIG}: 0 containers, 0 volumes, 0 networks\nremoved image {tag}\n"
    )
    assert (folder.exists(), other.exists()) == (False, True)
