"""Checks of kind ``service`` against a real systemd, the first process of a container."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.models.containers import Container

from tests.fleet import engine, images
from tests.fleet.errors import RigError
from tests.fleet.labels import random_name
from tests.fleet.waiting import wait_until

pytestmark = pytest.mark.rig
ROOT = Path(__file__).resolve().parents[2]
UNITS = {
    "runs": "ExecStart=/bin/sleep infinity",
    "runs@": "ExecStart=/bin/sleep infinity",
    "fails": "ExecStart=/bin/false",
    "once": "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true",
    "over": "Type=oneshot\nExecStart=/bin/true",
    "loops": "Restart=always\nRestartSec=600\nExecStart=/bin/false",
    "killed": "ExecStart=/bin/sh -c 'kill -9 $$$$'",
}
STARTED = ("runs", "runs@web", "fails", "once", "over", "loops", "killed")
ASK = """
import json, sys
sys.path.insert(0, "/opt")
from iadeploy.checks.run import run_plan
from iadeploy.checks.spec import parse_plan
results, _ = run_plan(parse_plan(json.loads(sys.argv[1])))
print(json.dumps([one.to_json() for one in results]))
"""


def archive() -> bytes:
    """The helpers and the units, as a tar archive that unpacks at the root."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(ROOT / "module_utils" / "iadeploy", "opt/iadeploy")
        for name, body in UNITS.items():
            content = f"[Unit]\nStartLimitIntervalSec=0\n[Service]\n{body}\n".encode()
            entry = tarfile.TarInfo(f"etc/systemd/system/{name}.service")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def machine() -> Iterator[Container]:
    """A machine with units in every state."""
    one_tree = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    groups = [] if one_tree else ["/sys/fs/cgroup/systemd:/sys/fs/cgroup/systemd:rw"]
    container = engine.client().containers.run(
        images.systemd(),
        name=f"iadeploy-test-{random_name()}",
        detach=True,
        cap_add=["SYS_ADMIN"],
        security_opt=["seccomp=unconfined", "apparmor=unconfined"],
        tmpfs={"/run": "", "/run/lock": "", "/tmp": ""},
        volumes=groups,
        environment={"container": "docker"},
    )
    try:
        booted = ["systemctl", "is-system-running"]
        try:
            wait_until(
                lambda: container.exec_run(booted).output in (b"running\n", b"degraded\n"),
                "systemd's boot",
                deadline=60,
            )
        except RigError:
            pytest.skip("systemd does not boot in a container of this machine")
        container.put_archive("/", archive())
        container.exec_run(["systemctl", "daemon-reload"])
        for name in STARTED:
            container.exec_run(["systemctl", "start", name])
        container.exec_run(["systemctl", "mask", "masked.service"])
        yield container
    finally:
        container.remove(force=True)


def run(machine: Container, *argv: str) -> str:
    """Run a command and return what it prints; it must succeed."""
    code, said = machine.exec_run(list(argv))
    assert isinstance(said, bytes) and code == 0, said
    return said.decode()


def ask(machine: Container, unit: str, **expect: Any) -> dict[str, Any]:
    """Check one unit."""
    check = {"name": "unit", "kind": "service", "unit": unit, "expect": expect}
    told: dict[str, Any]
    (told,) = json.loads(run(machine, "python3", "-c", ASK, json.dumps({"checks": [check]})))
    return told


@pytest.mark.parametrize("unit", ["runs", "runs.service", "runs@web", "once"])
def test_an_active_unit_is_healthy(machine: Container, unit: str) -> None:
    told = ask(machine, unit)
    assert (told["healthy"], told["status"], told["note"]) == (True, "active", "")


@pytest.mark.parametrize(
    ("unit", "cause"),
    [
        ("fails", "fails is failed (exit-code) instead of active"),
        ("killed", "killed is failed (signal) instead of active"),
        ("over", "over is inactive instead of active"),
        ("loops", "loops is activating (exit-code) instead of active"),
        ("masked", "masked is masked, so nothing can start it"),
        ("absent", "there is no unit absent"),
        ("runs@other", "runs@other is inactive instead of active"),
    ],
)
def test_any_other_unit_is_not(machine: Container, unit: str, cause: str) -> None:
    told = ask(machine, unit)
    assert (told["healthy"], told["cause"]) == (False, cause)


def test_a_state_can_be_asked_for(machine: Container) -> None:
    assert ask(machine, "runs", state="running")["healthy"]
    assert ask(machine, "over", state="inactive")["healthy"]
    assert not ask(machine, "once", state="running")["healthy"]


def test_a_systemd_that_hangs_is_given_up_in_time(machine: Container) -> None:
    bus = "/run/systemd/private"
    silent = f"import socket,time; s=socket.socket(1); s.bind('{bus}'); s.listen(); time.sleep(600)"
    machine.exec_run(["mv", bus, f"{bus}.away"])
    try:
        machine.exec_run(["python3", "-c", silent], detach=True)
        wait_until(lambda: machine.exec_run(["test", "-S", bus]).exit_code == 0, "the silent bus")
        check = {"name": "unit", "kind": "service", "unit": "runs", "timeout": 1}
        asked = json.dumps({"checks": [check]})
        (told,) = json.loads(run(machine, "timeout", "30", "python3", "-c", ASK, asked))
        assert told["cause"] == "no answer within 1 s from systemd"
    finally:
        machine.exec_run(["mv", f"{bus}.away", bus])
