"""What app_processes may say."""

from __future__ import annotations

from typing import Any

import pytest
from iadeploy.process_arguments import build_handover, build_processes
from iadeploy.spec import Process

from tests.unit.builders import failure_of

COMMAND = ["python", "-m", "shop.worker"]


def test_a_process_needs_a_command_only() -> None:
    assert build_processes({"worker": {"command": COMMAND}}) == (
        Process("worker", ("python", "-m", "shop.worker"), 1, "host", 0, "", 0.0),
    )


def test_a_process_is_what_its_settings_say() -> None:
    settings = {"count": 4, "stop_seconds": 90, "memory": "256m", "cpus": 1}
    assert build_processes(
        {
            "worker": {"command": ["celery", "-c", 4], **settings},
            "beat": {"command": ["celery", "beat"], "per": "fleet"},
        }
    ) == (
        Process("beat", ("celery", "beat"), per="fleet"),
        Process("worker", ("celery", "-c", "4"), 4, "host", 90, "256m", 1.0),
    )


def test_a_setting_without_a_value_is_its_default() -> None:
    nothing = dict.fromkeys(("count", "stop_seconds", "memory", "cpus"))
    settings = {"command": COMMAND, **nothing}
    assert build_processes({"worker": settings}) == build_processes(
        {"worker": {"command": COMMAND}}
    )


def test_the_order_of_processes_makes_no_difference() -> None:
    both = {"worker": {"command": COMMAND}, "beat": {"command": COMMAND}}
    assert build_processes(both) == build_processes(dict(reversed(both.items())))


def wrong(**changes: Any) -> dict[str, Any]:
    return {"worker": {"command": COMMAND, **changes}}


REFUSED: list[tuple[Any, str]] = [
    (["worker"], "app_processes: "),
    ({"Worker": {"command": COMMAND}}, "app_processes: 'Worker'"),
    ({"a/b": {"command": COMMAND}}, "app_processes: 'a/b'"),
    ({"": {"command": COMMAND}}, "app_processes: ''"),
    ({"x" * 32: {"command": COMMAND}}, "app_processes: "),
    ({"worker": None}, "app_processes.worker: nothing"),
    ({"worker": COMMAND}, "app_processes.worker: "),
    ({"worker": {}}, "app_processes.worker.command: nothing"),
    (wrong(cont=2), "app_processes.worker.cont "),
    (wrong(port=8000), "app_processes.worker.port "),
    (wrong(command="python -m shop.worker"), "app_processes.worker.command: "),
    (wrong(command=[]), "app_processes.worker.command: "),
    (wrong(command=["python", None]), "app_processes.worker.command: "),
    (wrong(command=["python", ["-m"]]), "app_processes.worker.command: "),
    (wrong(command=["python", True]), "app_processes.worker.command: "),
    (wrong(count=0), "app_processes.worker.count: 0"),
    (wrong(count=21), "app_processes.worker.count: 21"),
    (wrong(count="2"), "app_processes.worker.count: '2'"),
    (wrong(count=True), "app_processes.worker.count: True"),
    (wrong(count=1.5), "app_processes.worker.count: 1.5"),
    (wrong(per="server"), "app_processes.worker.per: 'server'"),
    (wrong(per=["host"]), "app_processes.worker.per: "),
    (wrong(per="fleet", count=2), "app_processes.worker.count: 2"),
    (wrong(stop_seconds=0), "app_processes.worker.stop_seconds: 0"),
    (wrong(stop_seconds=3601), "app_processes.worker.stop_seconds: 3601"),
    (wrong(stop_seconds="soon"), "app_processes.worker.stop_seconds: 'soon'"),
    (wrong(memory="much"), "app_processes.worker.memory: 'much'"),
    (wrong(cpus="all"), "app_processes.worker.cpus: 'all'"),
    (wrong(cpus=-1), "app_processes.worker.cpus: -1"),
    (wrong(cpus=float("nan")), "app_processes.worker.cpus: nan"),
]


@pytest.mark.parametrize(("options", "told"), REFUSED, ids=[told for _, told in REFUSED])
def test_what_is_not_allowed_is_refused_by_its_path(options: Any, told: str) -> None:
    error = failure_of(lambda: build_processes(options))
    assert error.cause == "input"
    assert str(error).startswith(told), str(error)
    assert "Use " in str(error) or "Write it" in str(error)


def test_a_value_cannot_bring_the_terminal_to_do_anything() -> None:
    error = failure_of(lambda: build_processes(wrong(**{"\x1b[2J": 1})))
    assert str(error).isprintable()


@pytest.mark.parametrize(("step", "only_stop"), [("stop", True), ("all", False)])
def test_the_step_of_a_handover_says_whether_anything_starts(step: str, only_stop: bool) -> None:
    part = build_handover({"first": True, "step": step, "quiet": False})
    assert (part.first, part.only_stop, part.quiet) == (True, only_stop, False)
