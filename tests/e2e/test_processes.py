"""What runs beside the web process: handed over in order, brought back, repaired, told."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
import yaml

from tests.fleet import Fleet
from tests.fleet.waiting import wait_until

from .desk import AT_REST, FOLDER, HOLDER, PROCESSES, PYTHON, SCHEDULER, Desk
from .site import SECRET, Images, make_site, settings_file

pytestmark = pytest.mark.rig


@pytest.fixture(scope="module")
def bootstrapped(fleet: Fleet, images: Images, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The environment of an application with processes."""
    site = make_site(fleet, images, tmp_path_factory.mktemp("desk"), "desk", "desk.example", 4)
    desk = Desk(**vars(site))
    desk.configure(app_processes=PROCESSES, app_volumes=[f"{FOLDER}:/ticks"])
    desk.plain_settings = settings_file(desk.folder).read_text(encoding="utf-8")
    said = desk.operator.run("bootstrap")
    assert said.code == 0, said.text
    desk.prepare_log()
    return desk


def without(hosts: str, server: str) -> str:
    """Return hosts.yml without a server."""
    content = yaml.safe_load(hosts)
    for group in content["all"]["children"].values():
        group["hosts"].pop(server)
    return yaml.safe_dump(content)


@pytest.fixture
def desk(bootstrapped: Desk) -> Iterator[Desk]:
    """The application at rest: both servers serve 1.0.0 with its processes."""
    bootstrapped.deploy("1.0.0")
    bootstrapped.prepare_log()
    yield bootstrapped
    settings_file(bootstrapped.folder).write_text(bootstrapped.plain_settings, encoding="utf-8")


def assert_in_order(desk: Desk) -> None:
    """Assert that no two schedulers ever ran at once and that no task was lost."""
    assert desk.overlaps() == []
    assert desk.lost_tasks() == []


def test_processes_change_hands_with_every_release_and_go_back_without_a_registry(
    desk: Desk, fleet: Fleet
) -> None:
    first = desk.release()
    with desk.traffic() as traffic:
        said = desk.operator.run("deploy", "--image", desk.images("2.0.0"))
    assert said.code == 0, said.text
    phases = [row["phase"] for row in said.report["data"]["phases"]]
    assert phases == ["plan", "prepare", "switch", "handover", "handover", "commit"]
    assert desk.processes() == desk.processes(of=desk.release()) == AT_REST
    same = desk.operator.run("deploy", "--image", desk.images("2.0.0"))
    assert "already at 2.0.0" in same.text
    fleet.registry.stop()
    try:
        back = desk.operator.run("rollback")
    finally:
        fleet.registry.start()
    assert back.code == 0, back.text
    assert desk.processes() == desk.processes(of=first) == AT_REST
    traffic.assert_unharmed({"1.0.0", "2.0.0"})
    assert_in_order(desk)


def test_process_that_crashes_at_its_start_brings_every_server_back(desk: Desk) -> None:
    first = desk.release()
    desk.configure(app_processes={**PROCESSES, "mailer": {"command": [*PYTHON, "crash"]}})
    with desk.traffic() as traffic:
        said = desk.operator.run("deploy", "--image", desk.images("3.0.0"))
    assert said.code == 4, said.text
    assert "handover failed on 2 of 2 servers" in said.text
    assert "process mailer does not stay" in said.text
    assert "cannot reach the queue with password ********" in said.text
    assert SECRET not in said.text + said.progress
    assert set(desk.served().values()) == {"1.0.0"}
    assert desk.processes() == desk.processes(of=first) == AT_REST
    assert desk.operator.run("status").code == 0
    traffic.assert_unharmed({"1.0.0", "3.0.0"})
    assert_in_order(desk)


def test_process_that_dies_in_the_bake_brings_every_server_back(desk: Desk) -> None:
    first = desk.release()
    mailer = {"mailer": {"command": [*PYTHON, "dies"]}}
    desk.configure(app_processes={**PROCESSES, **mailer}, app_bake_seconds=120)
    process = desk.operator.start("deploy", "--image", desk.images("3.0.0"))
    wait_until(lambda: desk.settled("mailer"), "the end of the handover", deadline=120)
    desk.let_go()
    said = desk.operator.finish(process)
    assert said.code == 4, said.text
    assert "bake failed on" in said.text and "process mailer does not stay" in said.text
    assert set(desk.served().values()) == {"1.0.0"}
    assert desk.processes() == desk.processes(of=first) == AT_REST
    assert_in_order(desk)


def test_scheduler_that_moves_to_another_server_never_runs_on_both(desk: Desk) -> None:
    hosts = desk.folder / "hosts.yml"
    both = hosts.read_text(encoding="utf-8")
    desk.configure(app_processes={})
    desk.deploy("1.0.0")
    assert desk.processes() == {"web1": {}, "web2": {}}
    desk.configure(app_processes={"scheduler": SCHEDULER})
    hosts.write_text(without(both, "web1"), encoding="utf-8")
    desk.deploy("2.0.0")
    hosts.write_text(both, encoding="utf-8")
    elsewhere = {"web1": {}, "web2": {"scheduler": 1}}
    assert desk.processes() == elsewhere
    told = desk.operator.run("status")
    assert told.code == 5 and "web2: process scheduler must not run here" in told.text, told.text
    crashing = {"scheduler": SCHEDULER, "mailer": {"command": [*PYTHON, "crash"]}}
    desk.configure(app_processes=crashing)
    assert desk.operator.run("deploy", "--image", desk.images("3.0.0")).code == 4
    assert desk.processes() == elsewhere
    desk.configure(app_processes={"scheduler": SCHEDULER})
    desk.deploy("2.0.0")
    assert desk.processes() == {"web1": {"scheduler": 1}, "web2": {}}
    assert_in_order(desk)


def test_deploy_that_is_killed_in_the_handover_is_told_and_repaired(desk: Desk) -> None:
    # The deploy waits for the worker's task while the scheduler has ended already.
    desk.configure(app_processes={**PROCESSES, "worker": HOLDER})
    desk.deploy("1.0.0")
    process = desk.operator.start("deploy", "--image", desk.images("2.0.0"))
    wait_until(
        lambda: "scheduler" not in desk.processes()["web1"], "the scheduler's end", deadline=120
    )
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    wait_until(
        lambda: not desk.remote_work(), "the end of the orphaned remote command", deadline=60
    )
    told = desk.operator.run("status")
    assert told.code == 5, told.text
    assert "web1: handover of release" in told.text
    assert "web1: process scheduler does not run as it should" in told.text
    desk.let_go()
    desk.deploy("2.0.0")
    assert desk.processes() == {"web1": {"scheduler": 1, "worker": 1}, "web2": {"worker": 1}}
    assert desk.operator.run("status").code == 0
    assert_in_order(desk)


def test_cancel_in_the_handover_brings_the_old_processes_back(desk: Desk) -> None:
    desk.configure(app_processes={**PROCESSES, "worker": HOLDER})
    desk.deploy("1.0.0")
    before = desk.release(), desk.processes()
    process = desk.operator.start("deploy", "--image", desk.images("2.0.0"))
    wait_until(
        lambda: "scheduler" not in desk.processes()["web1"], "the scheduler's end", deadline=120
    )
    process.terminate()
    desk.let_go()
    said = desk.operator.finish(process)
    assert said.code == 7, said.text
    assert (desk.release(), desk.processes()) == before
    assert desk.operator.run("status").code == 0
    assert_in_order(desk)


def test_process_stopped_by_hand_is_told_and_repaired(desk: Desk) -> None:
    listed = desk.operator.run("status").report["hosts"]
    scheduler = {"name": "scheduler", "per": "fleet", "wanted": 1, "running": 1}
    worker = {"name": "worker", "per": "host", "wanted": 2, "running": 2}
    assert listed["web1"]["processes"] == [scheduler, worker]
    assert listed["web2"]["processes"] == [{**scheduler, "wanted": 0, "running": 0}, worker]
    name = f"desk-{desk.release()}-scheduler-1"
    desk.servers[0].run(["docker", "stop", "-t", "5", name])
    told = desk.operator.run("status")
    assert told.code == 5, told.text
    assert f"web1: process scheduler does not run as it should: {name} is exited" in told.text
    desk.deploy("1.0.0")
    assert desk.operator.run("status").code == 0
    assert desk.processes() == AT_REST


def test_after_a_reboot_the_release_s_processes_run_and_no_others(desk: Desk) -> None:
    desk.deploy("2.0.0")
    desk.servers[0].restart()
    wait_until(
        lambda: desk.operator.run("status").code == 0,
        "the processes after the reboot",
        deadline=120,
    )
    assert desk.processes() == desk.processes(of=desk.release()) == AT_REST
    assert desk.overlaps() == []


def test_mistake_in_a_process_is_refused_by_its_path(desk: Desk) -> None:
    before = desk.snapshot()
    desk.configure(app_processes={"worker": {"command": [*PYTHON, "work", 1], "cont": 2}})
    said = desk.operator.run("deploy", "--image", desk.images("2.0.0"))
    assert said.code == 2, said.text
    assert "app_processes.worker.cont" in said.text
    assert desk.snapshot() == before
